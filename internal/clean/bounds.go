package clean

import (
	"image"
	"image/color"
)

// A file of some bytes can claim a picture that fills the memory, and decoders take it at its word. So
// what a picture would take is reckoned from its header before anything is decoded.

// What a decoder takes of memory for a pixel, at most.
const (
	takesPlain       = 4  // PNG of 8 bits a channel; JPEG takes 3
	takesDeep        = 8  // PNG of 16 bits
	takesProgressive = 15 // JPEG whose coefficients are all kept until the last scan
)

// The smallest file that can hold a picture: deflate (RFC 1951) makes at most 1032 bytes of one, and of a
// JPEG (ITU-T T.81) each block of 64 pixels takes at least one bit.
const (
	deflateMost = 1032
	jpegMost    = 8 * 64
)

// affordable refuses a picture by its header: with ErrPixels if it is too large, and with ErrDamage if the
// file is too small to hold it.
func affordable(data []byte, c image.Config) error {
	if c.Width < 1 || c.Height < 1 || c.Width > MaxSide || c.Height > MaxSide || c.Width*c.Height > MaxPixels {
		return ErrPixels
	}
	pixels := c.Width * c.Height
	takes, least := takesPlain, pixels/jpegMost
	if isPNG(data) {
		if deep(c.ColorModel) {
			takes = takesDeep
		}
		least = pixels / 8 / deflateMost // a pixel takes at least one bit
	} else if !baseline(data) {
		takes = takesProgressive
	}
	switch {
	case pixels*takes > MaxMemory:
		return ErrPixels
	case len(data) < least:
		return ErrDamage
	}
	return nil
}

func deep(m color.Model) bool {
	return m == color.Gray16Model || m == color.RGBA64Model || m == color.NRGBA64Model
}

// baseline says whether a JPEG is known to be none of several scans over all coefficients.
func baseline(data []byte) bool {
	f := &finder{data: data}
	f.jpeg()
	return f.baseline && !f.progressive
}
