package desk

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"kkachi/internal/clean"
	"kkachi/internal/vault"
)

// photoFile is the content of a photograph: the original, which lies in custody and is shown
// to nobody, and once it is made the harmless copy.
type photoFile struct {
	Original []byte         `json:"original"`         // SHA-256 of the file as it came
	Key      []byte         `json:"key,omitempty"`    // of the original in custody; none: a blob, as desks kept it at first
	Name     string         `json:"name,omitempty"`   // that it came under
	Closed   bool           `json:"closed,omitempty"` // a format that isn't opened here
	Findings []PhotoFinding `json:"findings"`
	Copy     *photoCopy     `json:"copy,omitempty"`
}

type photoCopy struct {
	SHA256 []byte `json:"sha256"`
	MIME   string `json:"mime"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// SetPhoto gives a story its photograph. The file is kept untouched in custody, name and all,
// and what was found in it beside the picture is shown; until CleanPhoto makes a harmless copy
// it blocks the release. A file of another format than JPEG and PNG is kept too, and stays
// closed. A nil file keeps the one that is there and changes the texts only. It gives the file's
// operation and the story's: who takes back but one of them has the texts of another picture.
func (d *Desk) SetPhoto(ctx context.Context, id ID, file []byte, name string, p Photo) ([]OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, _, err := d.storyOf(ctx, id)
	if err != nil {
		return nil, err
	}
	var drafts []vault.Draft
	if file != nil {
		dr, err := d.keepPhoto(id, file, name)
		if err != nil {
			return nil, err
		}
		drafts = append(drafts, dr)
	} else if s.Photo == nil {
		return nil, field("photofile", "none is chosen")
	}
	s.Photo = &p
	dr, err := draft(opStory, id, id, s)
	if err != nil {
		return nil, err
	}
	hs, err := d.v.Append(ctx, append(drafts, dr)...)
	if err != nil {
		return nil, fmt.Errorf("desk: photograph: %w", err)
	}
	return opIDs(hs), nil
}

// DropPhoto takes the photograph off a story, with its texts. The original stays in custody.
func (d *Desk) DropPhoto(ctx context.Context, id ID) (OpID, error) {
	return d.editStory(ctx, id, func(s *Story) error {
		if s.Photo == nil {
			return notFoundField("photo", ErrNotFound)
		}
		s.Photo = nil
		return nil
	})
}

func (d *Desk) keepPhoto(id ID, file []byte, name string) (vault.Draft, error) {
	found, err := inspect(file)
	closed := errors.Is(err, clean.ErrFormat) || errors.Is(err, clean.ErrDamage)
	if err != nil && !closed {
		return vault.Draft{}, field("photo", "%v", err)
	}
	if len(name) > maxSheet {
		name = name[:maxSheet]
	}
	f := photoFile{Name: strings.ToValidUTF8(name, "\uFFFD"), Closed: closed, Findings: found}
	if f.Original, f.Key, err = d.keepOriginal(file); err != nil {
		return vault.Draft{}, err
	}
	return draft(opPhoto, id, id, f)
}

// CleanPhoto makes the harmless copy: decoded and encoded anew, so that nothing but pixels
// is left. The derivation is an operation; the original stays.
func (d *Desk) CleanPhoto(ctx context.Context, id ID) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, _, err := d.photoFile(ctx, id)
	if err != nil {
		return OpID{}, err
	}
	if f.Closed {
		return OpID{}, field("photo", "this format stays closed here")
	}
	original, err := d.original(ctx, f)
	if err != nil {
		return OpID{}, err
	}
	c, data, err := harmless(original)
	if err != nil {
		return OpID{}, field("photo", "%v", err)
	}
	sum, _, err := d.v.PutBlob(ctx, vault.Thing(id), bytes.NewReader(data))
	if err != nil {
		return OpID{}, fmt.Errorf("desk: photograph: %w", err)
	}
	c.SHA256 = sum[:]
	f.Copy = c
	return d.append1(ctx, opPhoto, id, id, f)
}

func (d *Desk) photoFile(ctx context.Context, id ID) (photoFile, state, error) {
	st, err := d.state(ctx, nounPhoto, id)
	if err != nil {
		return photoFile{}, state{}, err
	}
	f, err := unmarshal[photoFile](st.doc)
	return f, st, err
}

// photo is a story's photograph as it is shown; nil if there is none.
func (d *Desk) photo(ctx context.Context, id ID, s *Story) (*PhotoView, error) {
	f, st, err := d.photoFile(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && s.Photo == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v := &PhotoView{Photo: *s.Photo, Original: hex.EncodeToString(f.Original), Findings: f.Findings, Op: st.op, Name: f.Name, Closed: f.Closed}
	if c := f.Copy; c != nil {
		v.Copied, v.SHA256, v.MIME, v.Width, v.Height = true, hex.EncodeToString(c.SHA256), c.MIME, c.Width, c.Height
	}
	return v, nil
}

// PhotoCopy gives a harmless copy by its SHA-256 in hex. Originals can't be had this way.
func (d *Desk) PhotoCopy(ctx context.Context, sha256hex string) ([]byte, error) {
	want, err := hex.DecodeString(sha256hex)
	if err != nil {
		return nil, fmt.Errorf("%w: photograph", ErrNotFound)
	}
	rows, err := d.v.View().Query(ctx, `SELECT doc FROM version WHERE noun = ?`, nounPhoto)
	if err != nil {
		return nil, fmt.Errorf("desk: photograph: %w", err)
	}
	docs, err := collect(rows, func(s *string) []any { return []any{s} })
	if err != nil {
		return nil, err
	}
	for _, doc := range docs {
		f, err := unmarshal[photoFile](doc)
		if err != nil {
			return nil, err
		}
		if f.Copy != nil && bytes.Equal(f.Copy.SHA256, want) {
			return d.blob(ctx, want)
		}
	}
	return nil, fmt.Errorf("%w: photograph", ErrNotFound)
}

func (d *Desk) blob(ctx context.Context, sum []byte) ([]byte, error) {
	if len(sum) != len(vault.Hash{}) {
		return nil, fmt.Errorf("%w: blob", ErrNotFound)
	}
	rc, err := d.v.Blob(ctx, vault.Hash(sum))
	if err != nil {
		return nil, fmt.Errorf("desk: blob: %w", err)
	}
	b, err := io.ReadAll(rc)
	return b, errors.Join(err, rc.Close())
}
