package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// lay is what must stand in a role's folder; a name that ends in / is a folder.
func lay(role string) []string {
	return map[string][]string{
		Host: {"tokens", "days/", "objects/", "current/"},
		Sift: {"token", "keys/", "keys/unlock", "keys/sign", "pool/", "pool/state", "outbox/"},
		Desk: {"approvers/", "notes/", "notes/root.note", "notes/devices.note"},
		Root: {"root.age", "notes/"},
	}[role]
}

// layout looks whether everything is there.
func (e *exam) layout(role string) {
	var missing []string
	for _, name := range lay(role) {
		info, err := os.Stat(e.path(role, filepath.FromSlash(strings.TrimSuffix(name, "/"))))
		if err != nil || info.IsDir() != strings.HasSuffix(name, "/") {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) > 0:
		e.fail(role, "layout", "bring what is missing from where kkachi init ran, or restore this role (doc/operator.md)", "missing or not readable in %s: %s", e.path(role), strings.Join(missing, ", "))
	case role == Host && e.TokensErr != nil:
		e.fail(role, "layout", "bring host/tokens from where kkachi init ran", "%v", e.TokensErr)
	default:
		e.pass(role, "layout", "all that the role needs is there")
	}
	if role == Desk {
		e.vault()
	}
}

// vault looks at the vault without a key.
func (e *exam) vault() {
	switch _, err := vault.Shape(e.path(Desk)); {
	case errors.Is(err, vault.ErrNewer): // said by formats
	case err != nil:
		e.fail(Desk, "vault", "kkachi vault verify "+e.Dir+" says more; kkachi vault restore makes a new one from a backup", "%v", err)
	default:
		e.pass(Desk, "vault", "its databases are there in whole pages; what is in them only kkachi vault verify can tell, with the passphrase")
	}
}

// formats looks whether a newer or an older kkachi wrote what stands here.
func (e *exam) formats() {
	if e.has(Host) && e.HostFormatErr != nil {
		e.fail(Host, "format", "use the kkachi that wrote it", "%v", e.HostFormatErr)
	} else if e.has(Host) {
		e.pass(Host, "format", "the folder is of a format that this kkachi knows")
	}
	if e.has(Desk) {
		format, err := vault.Shape(e.path(Desk))
		switch {
		case errors.Is(err, vault.ErrNewer):
			e.fail(Desk, "format", "use the kkachi that wrote it", "%v", err)
		case format > 0 && format < vault.Format:
			e.fail(Desk, "format", "kkachi vault upgrade "+e.Dir+" -o FILE", "the vault is of format %d, and this kkachi writes %d", format, vault.Format)
		case format == vault.Format:
			e.pass(Desk, "format", "the vault is of format %d, which is this kkachi's", format)
		}
	}
	if e.has(Sift) {
		e.warn(Sift, "format", "nothing, if kkachi sift starts: it says so itself", "of which version the sift's state is was not looked at: it is encrypted")
	}
}

// modes looks who can read and write a role's folder: the folder itself must be closed to
// others, all in it must be one owner's, and nobody else may be able to put another in its place.
func (e *exam) modes(role string) {
	dir := e.path(role)
	info, err := os.Lstat(dir)
	if err != nil {
		e.fail(role, "permissions", "run as the user who owns the folder", "%v", err)
		return
	}
	owner, _ := ownerOf(info)
	if info.Mode().Perm()&0o077 != 0 {
		e.fail(role, "permissions", "chmod 700 "+dir, "others of this machine can enter %s (mode %04o)", dir, info.Mode().Perm())
	} else if up := openAncestor(e.Dir); up != "" {
		e.fail(role, "permissions", "chmod go-w "+up, "others of this machine can write %s, and put another folder in the place of this one", up)
	} else if strange, err := strangers(dir, owner); err != nil {
		e.fail(role, "permissions", "run as the user who owns the folder", "%v", err)
	} else if strange != "" {
		e.fail(role, "permissions", fmt.Sprintf("chown -R %d %s", owner, dir), "%s", strange)
	} else {
		e.pass(role, "permissions", "only its owner can enter %s, and all in it is the owner's", dir)
	}
	switch {
	case owner != e.m.User && e.m.User != 0:
		e.fail(role, "owner", "run kkachi as the folder's owner", "%s is user %d's, and this is user %d", dir, owner, e.m.User)
	case owner == 0:
		e.warn(role, "owner", "give the role a user of its own (doc/operator.md, systemd)", "%s is root's: the role would run with all power over this machine", dir)
	default:
		e.pass(role, "owner", "%s is user %d's", dir, owner)
	}
}

// openAncestor is the nearest folder from dir upwards that others can write, other than those
// where each may only remove his own (sticky).
func openAncestor(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return dir
	}
	for {
		info, err := os.Stat(abs)
		if err == nil && info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
			return abs
		}
		up := filepath.Dir(abs)
		if up == abs {
			return ""
		}
		abs = up
	}
}

// strangers finds the first thing in dir that is another user's, or leads out of it.
func strangers(dir string, owner int) (string, error) {
	found := ""
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a running role has just removed it
		}
		if err != nil {
			return err
		}
		switch uid, ok := ownerOf(info); {
		case ok && uid != owner:
			found = fmt.Sprintf("%s is user %d's, not user %d's", p, uid, owner)
		case d.Type()&(fs.ModeSymlink|fs.ModeDevice) != 0:
			found = fmt.Sprintf("%s is no file or folder, but leads elsewhere", p)
		default:
			return nil
		}
		return fs.SkipAll
	})
	return found, err
}

// apart looks whether roles that must not meet stand on one machine.
func (e *exam) apart() {
	const next = "move one of them to another machine, with another provider"
	switch {
	case e.has(Host) && e.has(Sift):
		e.fail(machineRole, "apart", next, "host/ and sift/ stand together: who takes this machine knows which cells are real")
	case e.has(Root) && (e.has(Sift) || e.has(Host)):
		e.fail(machineRole, "apart", "move root/ to a stick that stays offline, and remove it here", "root/ stands beside %s/, on a machine with a network", e.roles[0])
	case e.has(Root) && e.has(Desk):
		e.warn(machineRole, "apart", "move root/ to a stick that stays offline, and remove it here", "root/ stands beside desk/: it is safe under its passphrase only")
	default:
		if other := e.otherRole(); other != "" {
			e.fail(machineRole, "apart", next, "kkachi %s runs on this machine too", other)
			return
		}
		e.pass(machineRole, "apart", "no two roles that must not meet are in %s, or seen to run here; other folders and machines were not looked at", e.Dir)
	}
}

// otherRole is a role that runs on this machine and must not meet those in the folder.
func (e *exam) otherRole() string {
	lines, err := filepath.Glob(filepath.Join(e.m.Proc, "[0-9]*", "cmdline"))
	if err != nil {
		return ""
	}
	for _, p := range lines {
		raw, err := os.ReadFile(p)
		if err != nil {
			continue // it has ended, or is hidden from us
		}
		args := strings.Split(string(raw), "\x00")
		if len(args) < 2 || filepath.Base(args[0]) != "kkachi" {
			continue
		}
		verb := args[1]
		if verb == "sift" && (e.has(Host) || e.has(Root)) || verb == "drop" && (e.has(Sift) || e.has(Root)) {
			return verb
		}
	}
	return ""
}

// A hostDay is a file in host/days.
type hostDay struct {
	day   cell.Day
	state string
}

func hostDays(dir string) (out []hostDay) {
	entries, _ := os.ReadDir(dir) // that it is missing is said by layout
	for _, e := range entries {
		digits, state, _ := strings.Cut(e.Name(), ".")
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil && slices.Contains([]string{"open", "closed", "acked"}, state) {
			out = append(out, hostDay{cell.Day(n), state})
		}
	}
	return out
}
