package drop

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// removeFormer deletes the files of a former site that the present one doesn't name.
func (h *Host) removeFormer(ctx context.Context, former, present *site) error {
	stay := present.digests()
	for digest := range former.digests() {
		if stay[digest] {
			continue
		}
		if err := h.store.DeleteObject(ctx, siteObject(digest)); err != nil {
			return err
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
