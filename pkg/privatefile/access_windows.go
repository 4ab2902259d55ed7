package privatefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// allowed are the accounts that may open the files: the user of this process,
// LocalSystem and the administrators, who could take any file anyway.
func allowed() ([]*windows.SID, error) {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return nil, fmt.Errorf("asking for the user: %w", err)
	}
	sids := []*windows.SID{user.User.Sid}
	for _, kind := range []windows.WELL_KNOWN_SID_TYPE{windows.WinLocalSystemSid, windows.WinBuiltinAdministratorsSid} {
		sid, err := windows.CreateWellKnownSid(kind)
		if err != nil {
			return nil, fmt.Errorf("making a well-known SID: %w", err)
		}
		sids = append(sids, sid)
	}
	return sids, nil
}

// private is a protected access list of the allowed accounts, owned by the user. A
// protected list inherits nothing from the directory above.
func private(inherit string) (*windows.SecurityAttributes, error) {
	sids, err := allowed()
	if err != nil {
		return nil, err
	}
	var sddl strings.Builder
	sddl.WriteString("O:" + sids[0].String() + "D:P")
	for _, sid := range sids {
		sddl.WriteString("(A;" + inherit + ";FA;;;" + sid.String() + ")")
	}
	sd, err := windows.SecurityDescriptorFromString(sddl.String())
	if err != nil {
		return nil, fmt.Errorf("making a security descriptor: %w", err)
	}
	sa := &windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	return sa, nil
}

const ownerAndList = windows.OWNER_SECURITY_INFORMATION | windows.DACL_SECURITY_INFORMATION

// descriptor is that of the open file, whatever its name leads to by now.
func descriptor(f *os.File) (*windows.SECURITY_DESCRIPTOR, error) {
	sd, err := windows.GetSecurityInfo(windows.Handle(f.Fd()), windows.SE_FILE_OBJECT, ownerAndList)
	if err != nil {
		return nil, &Untrusted{f.Name(), "its owner and access list cannot be read", err}
	}
	return sd, nil
}

func checkOwner(f *os.File) error {
	sd, err := descriptor(f)
	if err != nil {
		return err
	}
	return ownedByUser(f.Name(), sd)
}

func ownedByUser(path string, sd *windows.SECURITY_DESCRIPTOR) error {
	sids, err := allowed()
	if err != nil {
		return &Untrusted{path, "the user running this process cannot be determined", err}
	}
	owner, _, err := sd.Owner()
	if err != nil || owner == nil || !owner.Equals(sids[0]) {
		return &Untrusted{path, "it belongs to another user than the one running this process", errors.Join(fs.ErrPermission, err)}
	}
	return nil
}

func checkPrivate(f *os.File) error {
	sd, err := descriptor(f)
	if err != nil {
		return err
	}
	return closed(f.Name(), sd)
}

func checkDirectory(path string, _ fs.FileInfo) error {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, ownerAndList)
	if err != nil {
		return &Untrusted{path, "its owner and access list cannot be read", err}
	}
	if err := ownedByUser(path, sd); err != nil {
		return err
	}
	return closed(path, sd)
}

func ownDirectory(path string, _ fs.FileInfo) bool {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, ownerAndList)
	return err == nil && ownedByUser(path, sd) == nil
}

// closed makes sure of the protection against inheritance and of every entry of the
// access list.
func closed(path string, sd *windows.SECURITY_DESCRIPTOR) error {
	control, _, err := sd.Control()
	if err != nil || control&windows.SE_DACL_PROTECTED == 0 {
		return &Untrusted{path, "its access list is not protected against inheritance", errors.Join(fs.ErrPermission, err)}
	}
	sids, err := allowed()
	if err != nil {
		return &Untrusted{path, "the user running this process cannot be determined", err}
	}
	dacl, _, err := sd.DACL()
	if err != nil || dacl == nil || !admitsOnly(dacl, sids) {
		return &Untrusted{path, "its access list opens it to other users", errors.Join(fs.ErrPermission, err)}
	}
	return nil
}

func admitsOnly(dacl *windows.ACL, sids []*windows.SID) bool {
	for i := range uint32(dacl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(dacl, i, &ace) != nil || ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE {
			return false
		}
		//nolint:gosec // the SID begins in this field and goes on behind the structure
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart))
		if !slices.ContainsFunc(sids, sid.Equals) {
			return false
		}
	}
	return true
}
