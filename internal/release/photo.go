package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"image/jpeg"
	"image/png"
)

// CheckPhoto says whether data is the photograph that p names, and holds nothing but
// pixels: of a JPEG only tables, frame and scan, of a PNG only header, palette, transparency
// and data, each ending where the picture ends. It is a second gate behind clean, for what
// is printed can't be called back.
func CheckPhoto(p *Photo, data []byte) error {
	if err := p.check(); err != nil {
		return err
	}
	if sha256.Sum256(data) != p.SHA256 {
		return refuse("photo.sha256", "is not the digest of the bytes given")
	}
	config, bare := jpeg.DecodeConfig, bareJPEG
	if p.MIME == PNG {
		config, bare = png.DecodeConfig, barePNG
	}
	conf, err := config(bytes.NewReader(data))
	if err != nil {
		return refuse("photo.mime", "the bytes are no picture of this type")
	}
	if conf.Width != p.Width || conf.Height != p.Height {
		return refuse("photo.width", "the picture has another width or height")
	}
	if !bare(data) {
		return refuse("photo", "the file holds more than pixels: run it through clean")
	}
	return nil
}

// bareJPEG: SOI, then DQT, SOF0–2, DHT, DRI and SOS with their scans, EOI and the end.
func bareJPEG(b []byte) bool {
	if len(b) < 4 || b[0] != 0xff || b[1] != 0xd8 {
		return false
	}
	for i := 2; i+2 <= len(b); {
		marker := b[i+1]
		if b[i] != 0xff {
			return false
		}
		switch marker {
		case 0xd9:
			return i+2 == len(b)
		case 0xdb, 0xc0, 0xc1, 0xc2, 0xc4, 0xdd, 0xda:
		default:
			return false
		}
		if i+4 > len(b) {
			return false
		}
		i += 2 + int(binary.BigEndian.Uint16(b[i+2:]))
		if marker != 0xda {
			continue
		}
		for i+2 <= len(b) && (b[i] != 0xff || b[i+1] == 0 || b[i+1] >= 0xd0 && b[i+1] <= 0xd7) {
			i++
		}
	}
	return false
}

func barePNG(b []byte) bool {
	if !bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) {
		return false
	}
	for i := 8; i+12 <= len(b); {
		n := int(binary.BigEndian.Uint32(b[i:]))
		if n > len(b)-i-12 {
			return false
		}
		if crc32.ChecksumIEEE(b[i+4:i+8+n]) != binary.BigEndian.Uint32(b[i+8+n:]) {
			return false
		}
		switch string(b[i+4 : i+8]) {
		case "IEND":
			return n == 0 && i+12 == len(b)
		case "IHDR", "PLTE", "tRNS", "IDAT":
		default:
			return false
		}
		i += 12 + n
	}
	return false
}
