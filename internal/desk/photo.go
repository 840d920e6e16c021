package desk

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"kkachi/internal/vault"
)

// photoFile is the content of a photograph: the original, which never leaves the vault, and
// once it is made the harmless copy.
type photoFile struct {
	Original []byte         `json:"original"` // SHA-256 of a blob
	Findings []PhotoFinding `json:"findings"`
	Copy     *photoCopy     `json:"copy,omitempty"`
}

type photoCopy struct {
	SHA256 []byte `json:"sha256"`
	MIME   string `json:"mime"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// SetPhoto gives a story its photograph. The file is kept untouched in the vault, and what
// was found in it beside the picture is shown; until CleanPhoto makes a harmless copy it
// blocks the release. A nil file keeps the one that is there and changes the texts only.
func (d *Desk) SetPhoto(ctx context.Context, id ID, file []byte, p Photo) (OpID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, _, err := d.storyOf(ctx, id)
	if err != nil {
		return OpID{}, err
	}
	var drafts []vault.Draft
	if file != nil {
		dr, err := d.keepPhoto(ctx, id, file)
		if err != nil {
			return OpID{}, err
		}
		drafts = append(drafts, dr)
	} else if _, err := d.state(ctx, nounPhoto, id); err != nil {
		return OpID{}, notFoundField("photo", err)
	}
	s.Photo = &p
	dr, err := draft(opStory, id, id, s)
	if err != nil {
		return OpID{}, err
	}
	hs, err := d.v.Append(ctx, append(drafts, dr)...)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: photograph: %w", err)
	}
	return OpID(hs[len(hs)-1]), nil
}

func (d *Desk) keepPhoto(ctx context.Context, id ID, file []byte) (vault.Draft, error) {
	found, err := inspect(file)
	if err != nil {
		return vault.Draft{}, field("photo", "%v", err)
	}
	sum, _, err := d.v.PutBlob(ctx, vault.Thing(id), bytes.NewReader(file))
	if err != nil {
		return vault.Draft{}, fmt.Errorf("desk: photograph: %w", err)
	}
	return draft(opPhoto, id, id, photoFile{Original: sum[:], Findings: found})
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
	original, err := d.blob(ctx, f.Original)
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
	v := &PhotoView{Photo: *s.Photo, Original: hex.EncodeToString(f.Original), Findings: f.Findings, Op: st.op}
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
