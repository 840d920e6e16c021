package seal

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"kkachi/internal/cell"
)

// Limits of the site note (spec/02-notes.md). The list of files stands after the signed note,
// which holds its digest: a site may outgrow what a note may hold.
const (
	MaxSiteFiles    = 200_000
	SiteMaxSize     = 64 << 20 // bytes of note and list
	SitePathMaxSize = 255
	SiteFileMaxSize = 1 << 40 // bytes of one file
)

// A SiteNote is the manifest of the published site. A desk signing key signs it.
type SiteNote struct {
	Newsroom NewsroomID
	Serial   uint64
	Day      cell.Day
	Files    []SiteFile // 1 … MaxSiteFiles, in ascending order of paths when signed
}

// A SiteFile is one file of the site.
type SiteFile struct {
	Hash [32]byte // SHA-256 of its bytes
	Size uint64
	Path string // relative, segments of A-Z a-z 0-9 . _ ~ -, apart by /; no "." nor ".." segment
}

// SignSite sorts a copy of the files and signs the manifest with desk signing keys. Errors:
// ErrRole, ErrNoteFormat.
func SignSite(n *SiteNote, keys ...*SigningKey) ([]byte, error) {
	own := *n
	own.Files = slices.Clone(n.Files)
	slices.SortFunc(own.Files, func(a, b SiteFile) int { return cmp.Compare(a.Path, b.Path) })
	list := own.list()
	text := own.text(list)
	signed, err := sign(text, RoleDesk, keys)
	if err != nil {
		return nil, err
	}
	signed = slices.Concat(signed, []byte("\n"), list)
	if _, err := parseSite(text, list, n.Newsroom); err != nil {
		return nil, err
	}
	return signed, nil
}

// ParseSite reads and verifies a site note under a verified root note. Errors:
// ErrNoteFormat, ErrNewsroom, ErrSignature, ErrHash.
func ParseSite(signed []byte, root *RootNote) (*SiteNote, error) {
	// text, blank line, signatures, blank line, list
	parts := bytes.SplitN(signed, blank, 3)
	if len(parts) != 3 || len(signed) > SiteMaxSize {
		return nil, fmt.Errorf("%w: not a site note with its list", ErrNoteFormat)
	}
	text, err := verify(slices.Concat(parts[0], blank, parts[1], []byte("\n")), RoleDesk, root.DeskKeys)
	if err != nil {
		return nil, err
	}
	return parseSite(text, parts[2], root.Newsroom)
}

// SiteSerial reads the serial of a site note of the newsroom, whoever signed it: a site that a
// key put up which the root note names no more is replaced by one above it. Nothing else of
// such a note may be believed. Errors: ErrNoteFormat, ErrNewsroom.
func SiteSerial(signed []byte, id NewsroomID) (uint64, error) {
	text, _, ok := bytes.Cut(signed, blank)
	if !ok || len(signed) > SiteMaxSize {
		return 0, fmt.Errorf("%w: not a site note with its list", ErrNoteFormat)
	}
	l := readLines(string(text)+"\n", "site")
	of, serial := l.newsroom(), l.serial()
	if l.err != nil {
		return 0, l.err
	}
	if of != id {
		return 0, fmt.Errorf("%w: site note", ErrNewsroom)
	}
	return serial, nil
}

func (n *SiteNote) text(list []byte) string {
	sum := sha256.Sum256(list)
	w := newWriter("site")
	w.line("newsroom", n.Newsroom.String())
	w.line("serial", dec(n.Serial))
	w.line("day", dec(n.Day))
	w.line("files", dec(uint64(len(n.Files))), hexOrAbsent(&sum))
	return w.String()
}

func (n *SiteNote) list() []byte {
	w := &writer{}
	for i := range n.Files {
		f := &n.Files[i]
		w.line("file", hexOrAbsent(&f.Hash), dec(f.Size), f.Path)
	}
	return []byte(w.String())
}

func parseSite(text string, list []byte, id NewsroomID) (*SiteNote, error) {
	l := readLines(text, "site")
	n := &SiteNote{Newsroom: l.newsroom(), Serial: l.serial()}
	n.Day = l.day("day", l.next("day", 1)[0])
	f := l.next("files", 2)
	count, sum := l.number("files", f[0], MaxSiteFiles), l.hash("files", f[1])
	if err := l.end(); err != nil {
		return nil, err
	}
	if n.Newsroom != id {
		return nil, fmt.Errorf("%w: site note", ErrNewsroom)
	}
	if sha256.Sum256(list) != sum {
		return nil, fmt.Errorf("%w: list of the site's files", ErrHash)
	}
	if !bytes.HasSuffix(list, []byte("\n")) {
		return nil, fmt.Errorf("%w: site note: list of files", ErrNoteFormat)
	}
	l = &lines{kind: "site", rest: strings.Split(strings.TrimSuffix(string(list), "\n"), "\n")}
	l.many("file", 3, int(count), int(count), func(f []string) {
		if !validPath(f[2]) {
			l.fail("file")
		}
		n.Files = append(n.Files, SiteFile{l.hash("file", f[0]), l.number("file", f[1], SiteFileMaxSize), f[2]})
	})
	if err := l.end(); err != nil {
		return nil, err
	}
	if len(n.Files) == 0 || !ordered(n.Files, func(a, b SiteFile) bool { return a.Path < b.Path }) || n.text(list) != text {
		return nil, fmt.Errorf("%w: site note: paths are out of order, or not its one form", ErrNoteFormat)
	}
	return n, nil
}

// validPath lets a path name a file below the site and nothing else, on any file system.
func validPath(s string) bool {
	if s == "" || len(s) > SitePathMaxSize {
		return false
	}
	for seg := range strings.SplitSeq(s, "/") {
		if seg == "" || seg == "." || seg == ".." {
			return false
		}
		for _, r := range seg {
			if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._~-", r) {
				return false
			}
		}
	}
	return true
}
