package doctor

import (
	"fmt"
	"os"
	"path/filepath"

	"kkachi/internal/cell"
)

// Days of arrivals that a host may have to hold: the present one, the next, and those that the
// sift has not read yet, at most drop.UnreadDays.
const hostDaysHeld = 16

// spare is the room that sift and desk are given for one step, in bytes: a batch, a
// bulletin, a database's journal.
const spare = 256 << 20

// noteRoom is the room for a pair of notes on a stick, in bytes.
const noteRoom = 1 << 20

// space holds the free room to what the role may need next.
func (e *exam) space(role string) {
	free, err := e.m.Free(e.path(role))
	if err != nil {
		e.warn(role, "disk", "look with df", "how much room is free can't be seen: %v", err)
		return
	}
	least, wanted := uint64(spare), uint64(spare)
	why := "one more step of its work"
	switch role {
	case Host:
		quota := uint64(e.Quota)
		if quota == 0 {
			e.warn(role, "disk", "mend newsroom.toml", "free: %s; what a day needs is not known", bytesText(free))
			return
		}
		day := quota * cell.Size
		held := uint64(0)
		for _, d := range hostDays(e.path(Host, "days")) {
			if d.state != "acked" {
				held++
			}
		}
		least = day
		wanted = day * (hostDaysHeld - min(held, hostDaysHeld-1))
		why = fmt.Sprintf("the next day (%d cells of %d bytes), and the days that wait should the sift be away for two weeks", quota, cell.Size)
	case Root:
		least, wanted, why = noteRoom, noteRoom, "the next notes"
	case Desk: // tables are made anew beside the log, a restored vault beside the old
		wanted += 2 * sizeOf(e.path(Desk))
		why = "tables made anew, and a vault restored beside this one"
	}
	next := "make room, or give the role a larger disk"
	switch {
	case free < least:
		e.fail(role, "disk", next, "free: %s; needed at once: %s, for %s", bytesText(free), bytesText(least), why)
	case free < wanted:
		e.warn(role, "disk", next, "free: %s; it can come to need %s, for %s", bytesText(free), bytesText(wanted), why)
	default:
		e.pass(role, "disk", "free: %s; needed at most: %s, for %s", bytesText(free), bytesText(wanted), why)
	}
}

// sizeOf adds up the files right in a folder, in bytes.
func sizeOf(dir string) (n uint64) {
	entries, _ := os.ReadDir(dir)
	for _, d := range entries {
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			n += uint64(info.Size())
		}
	}
	return n
}

func bytesText(n uint64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// fileSystem says whether the role can trust the file system on which it stands.
func (e *exam) fileSystem(role string) {
	kind, err := e.m.FileSystem(e.path(role))
	if err != nil {
		e.warn(role, "file system", "look with df -T", "which one it is can't be seen: %v", err)
		return
	}
	if e.m.ReadOnly(e.path(role)) {
		e.fail(role, "file system", "look with dmesg whether the disk fails; then mount it so that it can be written", "%s, mounted for reading only: the role can't work on it", kind)
		return
	}
	const move = "put the folder on a local ext4 or XFS"
	switch kind {
	case "ext4", "xfs", "f2fs":
		e.pass(role, "file system", "%s", kind)
	case "nfs", "cifs", "smb2", "fuse", "9p", "ceph", "afs":
		e.fail(role, "file system", move, "%s: locks and syncs over a network can't be relied on, and others can read along", kind)
	case "tmpfs", "ramfs":
		e.fail(role, "file system", move, "%s: what stands there is gone when the machine stops", kind)
	case "overlay":
		e.fail(role, "file system", "mount a volume for the folder", "overlay: what stands there is gone with its container")
	case "vfat", "exfat", "ntfs":
		if role == Root {
			e.warn(role, "file system", "keep the stick where nobody else can take it, or format it with ext4", "%s: it keeps no owner and no mode", kind)
		} else {
			e.fail(role, "file system", move, "%s: it keeps no owner and no mode", kind)
		}
	case "btrfs", "zfs", "bcachefs":
		if e.secrets() && role != Host {
			e.warn(role, "file system", move, "%s: it copies on write and keeps snapshots: keys that were overwritten may live on, encrypted", kind)
		} else {
			e.pass(role, "file system", "%s; take no snapshots of it: they would hold days that were given away", kind)
		}
	default:
		e.warn(role, "file system", move, "%s: not known here; locks, syncs and renames must be those of a local disk", kind)
	}
}

// encrypted says whether a block device is seen to be encrypted by the kernel.
func (m *Machine) encrypted(device string) bool {
	real, err := filepath.EvalSymlinks(device)
	if err != nil {
		real = device
	}
	uuid, err := os.ReadFile(filepath.Join(m.Sys, "class", "block", filepath.Base(real), "dm", "uuid"))
	return err == nil && len(uuid) > 6 && string(uuid[:6]) == "CRYPT-"
}
