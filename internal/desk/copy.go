package desk

import "kkachi/internal/clean"

// maxPhotoWidth is the width in pixels of what is printed.
const maxPhotoWidth = 1600

// inspect finds what a photograph's file holds beside the picture. The values themselves
// are not kept.
func inspect(file []byte) ([]PhotoFinding, error) {
	found, err := clean.Find(file)
	if err != nil {
		return nil, err
	}
	var out []PhotoFinding
	for _, f := range found {
		out = append(out, PhotoFinding{string(f.Kind), f.String(), f.Kind == clean.Position})
	}
	return out, nil
}

// harmless decodes a photograph and encodes its pixels anew.
func harmless(original []byte) (*photoCopy, []byte, error) {
	c, _, err := clean.Photo(original, maxPhotoWidth)
	if err != nil {
		return nil, nil, err
	}
	return &photoCopy{MIME: c.MIME, Width: c.Width, Height: c.Height}, c.Data, nil
}
