// Package clean takes metadata out of photographs. It says what a file carries beside its
// picture, and makes a harmless copy: decoded, turned upright, and encoded anew from pixels
// alone.
//
// What enters: the bytes of a JPEG or PNG. What leaves: findings (kind and place, never the
// value) and a copy with nothing in it but pixels. What may never be known here: whose
// photograph it is. What can be seen in the picture itself, and the pattern of noise that a
// sensor leaves in it, is beyond this room: a person must look.
package clean

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/draw"
)

// Limits of a photograph.
const (
	MaxBytes  = 64 << 20  // bytes of the file
	MaxPixels = 64 << 20  // pixels of the picture
	MaxSide   = 1 << 14   // pixels of its width or height, in the copy too
	MaxMemory = 320 << 20 // bytes that decoding may take; making the copy takes 4 a pixel besides
	Quality   = 86        // of the JPEG encoded anew
)

// Errors of files that are not photographs as this room takes them.
var (
	ErrFormat = errors.New("clean: only JPEG and PNG photographs are taken")
	ErrSize   = fmt.Errorf("clean: the photograph is larger than %d MiB", MaxBytes>>20)
	ErrPixels = fmt.Errorf("clean: the photograph has more than %d million pixels, or fewer of a kind that takes more memory, or a side over %d", MaxPixels/1_000_000, MaxSide)
	ErrDamage = errors.New("clean: the photograph is damaged and cannot be decoded")
)

// The types of copies.
const (
	JPEG = "image/jpeg"
	PNG  = "image/png"
)

// A Copy is a photograph made anew from its pixels.
type Copy struct {
	Data          []byte
	MIME          string // JPEG or PNG
	Width, Height int    // pixels
	SHA256        [32]byte
}

// Photo says what data carries beside its picture, and makes the copy: upright, at most
// maxWidth pixels wide (0: as wide as it is), of the format it came in. The same bytes give
// the same copy. A copy in which anything but pixels is found is an error, never returned.
func Photo(data []byte, maxWidth int) (*Copy, []Finding, error) {
	found, err := Find(data)
	if err != nil {
		return nil, nil, err
	}
	config, decode := jpeg.DecodeConfig, jpeg.Decode
	mime := JPEG
	if isPNG(data) {
		config, decode, mime = png.DecodeConfig, png.Decode, PNG
	}
	c, err := config(bytes.NewReader(data))
	if err != nil {
		return nil, nil, ErrDamage // the decoder's words may quote the file
	}
	if err := affordable(data, c); err != nil {
		return nil, nil, err
	}
	img, err := decode(bytes.NewReader(data))
	if err != nil {
		return nil, nil, ErrDamage
	}
	pic := narrow(upright(img, orientation(data)), maxWidth)
	var out bytes.Buffer
	if mime == PNG {
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, pic)
	} else {
		err = jpeg.Encode(&out, pic, &jpeg.Options{Quality: Quality})
	}
	if err != nil {
		return nil, nil, fmt.Errorf("clean: encode: %w", err)
	}
	left, err := Find(out.Bytes())
	if err != nil || len(left) > 0 {
		return nil, nil, fmt.Errorf("clean: the copy is not clean: %v, %w", left, err)
	}
	b := pic.Bounds()
	return &Copy{Data: out.Bytes(), MIME: mime, Width: b.Dx(), Height: b.Dy(), SHA256: sha256.Sum256(out.Bytes())}, found, nil
}

// upright redraws img as its EXIF orientation (TIFF 6.0, tag 274) wants it seen. Everything
// goes through a fresh RGBA, so that no palette or profile of the original lives on, and no
// colour hides under pixels that are wholly transparent.
func upright(img image.Image, o int) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if o <= 1 || o > 8 {
		flat := image.NewRGBA(image.Rect(0, 0, w, h))
		draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Src)
		return flat
	}
	dw, dh := w, h
	if o >= 5 {
		dw, dh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, dw, dh))
	row := image.NewRGBA(image.Rect(0, 0, w, 1)) // a second whole picture would double what a large one takes
	for y := range h {
		draw.Draw(row, row.Bounds(), img, image.Pt(b.Min.X, b.Min.Y+y), draw.Src)
		for x := range w {
			tx, ty := place(o, x, y, w, h)
			out.SetRGBA(tx, ty, row.RGBAAt(x, 0))
		}
	}
	return out
}

// place says where the pixel x, y of a picture w wide and h high is seen.
func place(o, x, y, w, h int) (int, int) {
	switch o {
	case 2:
		return w - 1 - x, y
	case 3:
		return w - 1 - x, h - 1 - y
	case 4:
		return x, h - 1 - y
	case 5:
		return y, x
	case 6:
		return h - 1 - y, x
	case 7:
		return h - 1 - y, w - 1 - x
	case 8:
		return y, w - 1 - x
	}
	return x, y
}

// narrow scales img down to at most width pixels wide.
func narrow(img *image.RGBA, width int) *image.RGBA {
	b := img.Bounds()
	if width <= 0 || b.Dx() <= width {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, width, max(1, b.Dy()*width/b.Dx())))
	draw.CatmullRom.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}
