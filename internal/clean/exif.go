package clean

import (
	"encoding/binary"
	"slices"
)

// Bounds of what is read of one EXIF block: a loop of directories must end.
const (
	maxDirectories = 16
	maxEntries     = 4096
)

// Tags of TIFF 6.0 and Exif 2.32 that have a kind of their own.
const (
	tagOrientation = 0x0112
	tagExifIFD     = 0x8769
	tagGPSIFD      = 0x8825
	tagInteropIFD  = 0xa005
	tagThumbnail   = 0x0201 // in the second directory: offset of a JPEG
	tagStrips      = 0x0111 // in the second directory: offset of a plain picture
)

func kindOf(tag uint16) Kind {
	switch tag {
	case 0xa431, 0xa435, 0xc62f, 0xa420, 0xc65d: // body, lens, camera serial; unique ids of image and raw data
		return Serial
	case 0x010f, 0x0110, 0x0131, 0x013c, 0xa430, 0xa433, 0xa434, 0xc614, 0x013b: // maker, model, software, host, owner, lens, artist
		return Device
	case 0x0132, 0x9003, 0x9004, 0x9290, 0x9291, 0x9292, 0x9010, 0x9011, 0x9012:
		return Time
	case 0x927c:
		return MakerNote
	case 0x9286, 0x9c9c:
		return Comment
	case 0x02bc:
		return XMP
	case 0x83bb, 0x8649:
		return IPTC
	case 0x8773:
		return ICC
	}
	return Exif
}

// A directory of an EXIF block that is still to be read.
type directory struct {
	offset int
	gps    bool
	second bool // the chain's later directories hold the thumbnail
}

// exif reads one EXIF block: at and size are those of the segment, base is where the block
// t itself begins in the file. Each kind is reported once, at its first tag; the block as a
// whole is reported as Exif even if no tag can be read.
func (f *finder) exif(at, size, base int, t []byte) {
	f.add(Exif, at, size)
	var order binary.ByteOrder = binary.BigEndian
	if len(t) < 8 || string(t[:2]) != "MM" && string(t[:2]) != "II" {
		f.add(Damaged, at, size)
		return
	}
	if t[0] == 'I' {
		order = binary.LittleEndian
	}
	seen := map[Kind]bool{Exif: true}
	report := func(k Kind, offset, n int) {
		if !seen[k] {
			seen[k] = true
			f.add(k, offset, n)
		}
	}
	todo := []directory{{offset: int(order.Uint32(t[4:]))}}
	var done []int
	for len(todo) > 0 && len(done) < maxDirectories {
		d := todo[0]
		todo = todo[1:]
		if slices.Contains(done, d.offset) {
			continue
		}
		done = append(done, d.offset)
		if d.offset < 8 || d.offset+2 > len(t) {
			report(Damaged, at, size)
			continue
		}
		todo = append(todo, f.directory(d, base, t, order, report)...)
	}
}

// directory reads the entries of d and returns the directories to which they lead.
func (f *finder) directory(d directory, base int, t []byte, order binary.ByteOrder, report func(Kind, int, int)) []directory {
	var next []directory
	n := int(order.Uint16(t[d.offset:]))
	if n > maxEntries || d.offset+2+12*n > len(t) {
		report(Damaged, base+d.offset, len(t)-d.offset)
		n = min(n, maxEntries, (len(t)-d.offset-2)/12)
	}
	for i := range n {
		p := d.offset + 2 + 12*i
		tag, value := order.Uint16(t[p:]), int(order.Uint32(t[p+8:]))
		switch {
		case tag == tagExifIFD || tag == tagInteropIFD:
			next = append(next, directory{offset: value})
		case tag == tagGPSIFD:
			report(Position, base+p, 12)
			next = append(next, directory{offset: value, gps: true})
		case d.gps:
		case d.second && (tag == tagThumbnail || tag == tagStrips):
			report(Thumbnail, base+p, 12)
		case tag == tagOrientation:
			if o := int(order.Uint16(t[p+8:])); f.orient == 0 && !d.second && o <= 8 {
				f.orient = o
			}
		default:
			report(kindOf(tag), base+p, 12)
		}
	}
	if p := d.offset + 2 + 12*n; !d.gps && p+4 <= len(t) {
		if o := int(order.Uint32(t[p:])); o != 0 {
			next = append(next, directory{offset: o, second: true})
		}
	}
	return next
}
