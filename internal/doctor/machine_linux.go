package doctor

import (
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// This is the machine on which the program runs, at the time now.
func This(now time.Time) *Machine {
	return &Machine{
		Proc: "/proc", Sys: "/sys", Now: now, User: unix.Geteuid(),
		Synchronised: synchronised, Free: free, FileSystem: fileSystem, ReadOnly: readOnly, Landlock: landlock,
		LockLimit: hardLimit(unix.RLIMIT_MEMLOCK), FileLimit: hardLimit(unix.RLIMIT_NOFILE),
	}
}

// hardLimit is what a role can raise its limit to by itself; 0 if it can't be seen.
func hardLimit(which int) uint64 {
	var l unix.Rlimit
	if err := unix.Getrlimit(which, &l); err != nil {
		return 0
	}
	if l.Max == unix.RLIM_INFINITY {
		return Unlimited
	}
	return l.Max
}

// synchronised asks the kernel for the state of its clock, and changes nothing.
func synchronised() (bool, error) {
	state, err := unix.Adjtimex(&unix.Timex{})
	if err != nil {
		return false, fmt.Errorf("adjtimex: %w", err)
	}
	const timeError = 5 // TIME_ERROR: the clock is not synchronised
	return state != timeError, nil
}

func free(path string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

func fileSystem(path string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return "", err
	}
	kind, ok := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.F2FS_SUPER_MAGIC: "f2fs",
		unix.BTRFS_SUPER_MAGIC: "btrfs", 0x2fc12fc1: "zfs", 0xca451a4e: "bcachefs",
		unix.TMPFS_MAGIC: "tmpfs", unix.RAMFS_MAGIC: "ramfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay",
		unix.NFS_SUPER_MAGIC: "nfs", 0xff534d42: "cifs", 0xfe534d42: "smb2", unix.FUSE_SUPER_MAGIC: "fuse",
		unix.V9FS_MAGIC: "9p", 0x00c36400: "ceph", unix.AFS_SUPER_MAGIC: "afs",
		unix.MSDOS_SUPER_MAGIC: "vfat", unix.EXFAT_SUPER_MAGIC: "exfat", 0x7366746e: "ntfs",
	}[int64(s.Type)]
	if !ok {
		kind = fmt.Sprintf("number %#x", uint64(s.Type))
	}
	return kind, nil
}

func readOnly(path string) bool {
	var s unix.Statfs_t
	return unix.Statfs(path, &s) == nil && s.Flags&unix.ST_RDONLY != 0
}

// landlock asks for the version of landlock, and restricts nothing.
func landlock() (int, error) {
	v, _, errno := syscall.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0, errno
	}
	return int(v), nil
}

func ownerOf(info fs.FileInfo) (int, bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(s.Uid), true
}
