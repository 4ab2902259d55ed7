package awsprofile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/windows"
)

const (
	binaryName = "assume-aws-role.exe"

	noFollow = windows.O_FILE_FLAG_OPEN_REPARSE_POINT
	fileMode = 0o600
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
	sddl := "O:" + sids[0].String() + "D:P"
	for _, sid := range sids {
		sddl += "(A;" + inherit + ";FA;;;" + sid.String() + ")"
	}
	sd, err := windows.SecurityDescriptorFromString(sddl)
	if err != nil {
		return nil, fmt.Errorf("making a security descriptor: %w", err)
	}
	sa := &windows.SecurityAttributes{SecurityDescriptor: sd}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	return sa, nil
}

func makeDirectory(path string) error {
	sa, err := private("OICI")
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return err
	}
	if err := windows.CreateDirectory(name, sa); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

func createPrivate(path string, _ bool) (*os.File, error) {
	sa, err := private("")
	if err != nil {
		return nil, err
	}
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ|windows.GENERIC_WRITE, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE,
		sa, windows.CREATE_NEW, windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "create", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// openPrivate opens a file that is no link, belongs to the user and admits nobody
// but the allowed accounts. The open file's own descriptor is checked.
func openPrivate(path string) (*os.File, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := windows.CreateFile(name, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return nil, badState(path, "it cannot be opened", &fs.PathError{Op: "open", Path: path, Err: err})
	}
	f := os.NewFile(uintptr(h), path)
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = badState(path, "it is not a regular file, or is a link", errForeign)
	}
	if err == nil {
		err = checkDescriptor(path, func() (*windows.SECURITY_DESCRIPTOR, error) {
			return windows.GetSecurityInfo(h, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
		})
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func named(path string) func() (*windows.SECURITY_DESCRIPTOR, error) {
	return func() (*windows.SECURITY_DESCRIPTOR, error) {
		return windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	}
}

// ours tells whether the file belongs to the user who runs this process.
func ours(path string, _ fs.FileInfo) bool {
	sd, err := named(path)()
	if err != nil {
		return false
	}
	sids, err := allowed()
	return err == nil && ownedBy(sd, sids[0])
}

func ownedBy(sd *windows.SECURITY_DESCRIPTOR, user *windows.SID) bool {
	owner, _, err := sd.Owner()
	return err == nil && owner != nil && owner.Equals(user)
}

func checkOwner(path string, _ fs.FileInfo) error { return checkDescriptor(path, named(path)) }

// checkDescriptor makes sure of the owner, of the protection against inheritance and
// of every entry of the access list.
func checkDescriptor(path string, get func() (*windows.SECURITY_DESCRIPTOR, error)) error {
	sd, err := get()
	if err != nil {
		return badState(path, "its owner and access list cannot be read", err)
	}
	sids, err := allowed()
	if err != nil {
		return badState(path, "the user running this process cannot be determined", err)
	}
	if !ownedBy(sd, sids[0]) {
		return badState(path, "it belongs to another user than the one running this process", errForeign)
	}
	control, _, err := sd.Control()
	if err != nil || control&windows.SE_DACL_PROTECTED == 0 {
		return badState(path, "its access list is not protected against inheritance", errors.Join(errForeign, err))
	}
	dacl, _, err := sd.DACL()
	if err != nil || dacl == nil || !admitsOnly(dacl, sids) {
		return badState(path, "its access list opens it to other users", errors.Join(errForeign, err))
	}
	return nil
}

func admitsOnly(dacl *windows.ACL, sids []*windows.SID) bool {
	for i := range uint32(dacl.AceCount) {
		var ace *windows.ACCESS_ALLOWED_ACE
		if windows.GetAce(dacl, i, &ace) != nil || ace.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE {
			return false
		}
		sid := (*windows.SID)(unsafe.Pointer(&ace.SidStart))
		if !slices.ContainsFunc(sids, sid.Equals) {
			return false
		}
	}
	return true
}

// runnable has nothing to ask: Windows has no noexec mounts.
func runnable(string) error { return nil }

// writable has nothing to ask: access lists are checked where a file is made.
func writable(string) error { return nil }

// rename replaces newPath. A program that runs cannot be replaced on Windows, but
// it can be moved aside; the removal finds it by its name.
func rename(oldPath, newPath string) error {
	err := os.Rename(oldPath, newPath)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	if os.Rename(newPath, newPath+tempInfix+NewID()) != nil {
		return err
	}
	return os.Rename(oldPath, newPath)
}
