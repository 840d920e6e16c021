package drop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/store"
)

// errMissing is a manifest that names a file which isn't there.
var errMissing = errors.New("drop: a file of the site is missing")

// An object is a name that may stand in the host, and what its name says.
type object struct {
	kind   string // batch, parcel, note or site
	number uint64 // day of a batch, a parcel or a note about a held day, serial of another note
	last   string // last part of the name
	writer Role
	limit  int64
}

// parseObject reads a name: batch/DAY, parcel/DAY/DESK/N, note/KIND/SERIAL, note/hold/DAY,
// note/free/DAY or site/SHA256.
// All others are unknown, whatever the store could hold.
func parseObject(name string) (object, bool) {
	part := strings.Split(name, "/")
	o := object{kind: part[0], last: part[len(part)-1]}
	ok := false
	switch {
	case o.kind == "batch" && len(part) == 2:
		o.writer, o.limit = RoleSift, MaxBatchObject
		o.number, ok = parseNumber(part[1], 32)
	case o.kind == "parcel" && len(part) == 4:
		o.writer, o.limit = RoleDesk, MaxParcelObject
		desk, isDesk := parseNumber(part[2], 8)
		_, isCount := parseNumber(part[3], 32)
		o.number, ok = parseNumber(part[1], 32)
		ok = ok && isDesk && isCount && desk < cell.MaxDesks
	case o.kind == "note" && len(part) == 3 && (part[1] == "root" || part[1] == "devices" || part[1] == "desk"):
		o.writer, o.limit = RoleDesk, MaxNoteObject
		o.number, ok = parseNumber(part[2], 64)
	case name == "note/hold/"+o.last || name == "note/free/"+o.last:
		o.writer, o.limit = RoleDesk, MaxNoteObject
		if part[1] == "hold" {
			o.writer = RoleSift
		}
		o.number, ok = parseNumber(o.last, 32)
	case o.kind == "site" && len(part) == 2:
		o.writer, o.limit = RolePress, MaxSiteFile
		ok = isDigest(part[1])
	}
	return o, ok
}

// readable says whether a role may read the object: sift and desk all, the press its site.
func (o object) readable(role Role) bool {
	return role == RoleSift || role == RoleDesk || role == RolePress && o.kind == "site"
}

// complete checks that each file of a site is there, in its size. That its bytes have its
// digest was checked when it was written.
func (h *Host) complete(ctx context.Context, s *site) error {
	for name, file := range s.files {
		f, err := h.store.OpenObject(ctx, siteObject(file.digest))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%w: %s", errMissing, name)
		}
		if err != nil {
			return err
		}
		size, err := f.Seek(0, io.SeekEnd)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		if size != file.size {
			return fmt.Errorf("%w: %s has another size", errMissing, name)
		}
	}
	return nil
}

// removeGone deletes the files that a switch has withdrawn, but for those that the present site names, or
// the next one. What can't be deleted is tried again with each Tick and before the next switch, also by
// a host that was started anew: it is all that says so of these files. The caller holds switching.
func (h *Host) removeGone(ctx context.Context, next *site) error {
	if len(h.gone) == 0 {
		return nil
	}
	stay, coming := h.site.Load().digests(), next.digests()
	var left []string
	var errs []error
	for _, digest := range h.gone {
		switch {
		case stay[digest]:
		case coming[digest]:
			left = append(left, digest)
		default:
			if err := h.store.DeleteObject(ctx, siteObject(digest)); err != nil {
				left, errs = append(left, digest), append(errs, err)
			}
		}
	}
	h.gone = left
	return errors.Join(errs...)
}

// withdraw writes down durably, before a site is switched, which files it withdraws.
func (h *Host) withdraw(ctx context.Context, former, next *site) ([]string, error) {
	stay := next.digests()
	var gone []string
	for digest := range former.digests() {
		if !stay[digest] {
			gone = append(gone, digest)
		}
	}
	slices.Sort(gone)
	return gone, h.store.Switch(ctx, currentGone, next.serial, []byte(strings.Join(gone, "\n")))
}

// readGone finds which files the last switch withdrew: a crash may have come before they were deleted.
func (h *Host) readGone(ctx context.Context) error {
	serial, data, err := h.store.Current(ctx, currentGone)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("drop: what was withdrawn: %w", err)
	case serial == h.site.Load().serial: // else the switch did not come about
		for digest := range strings.SplitSeq(string(data), "\n") {
			if isDigest(digest) {
				h.gone = append(h.gone, digest)
			}
		}
	}
	return nil
}

func (s *site) digests() map[string]bool {
	out := make(map[string]bool, len(s.files))
	for _, f := range s.files {
		out[f.digest] = true
	}
	return out
}
