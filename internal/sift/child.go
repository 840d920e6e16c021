package sift

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"slices"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// What a child is started as (spec/06-batch.md, section 9). Nothing secret stands there.
const (
	childArg = "--kkachi-sift-child"

	modeOpen   = "open"   // holds a day key and opens cells with it, until it is killed
	modeUnlock = "unlock" // opens a key file, and hands the seed to another child
	modeMake   = "make"   // draws a day key, and gives its file

	strict  = "strict"  // without a sandbox it does nothing
	lenient = "lenient" // it takes what the kernel grants
)

// Sizes of the pipes' frames.
const (
	ChildChunk  = 256     // cells in a frame, at most
	childSecret = 4 << 10 // bytes of an identity or a key file, at most
)

// What a child answers first, one byte.
const (
	saysReady   = 'r'
	saysRefused = 's' // the kernel refused the sandbox; a length and a text follow
	saysBad     = 'b' // what it was handed is malformed, or does not open
)

// Frames to a child that opens, one byte each.
const (
	frameBegin  = 'B' // forget what came before
	frameCells  = 'C' // u16 n, n cells
	frameFinish = 'F' // wants the answer: u32 opened, u32 canaries, u32 n, n records
)

// Child must be called first of all by the main function of each program that opens a sift,
// with its arguments (without the program's name): sift runs that program again for each day
// key, with arguments that only Child knows. If it gives true, this process was such a child
// and has done its work: main must return at once. random is the system's.
//
//	if sift.Child(os.Args[1:], rand.Reader) {
//		return
//	}
func Child(args []string, random io.Reader) (handled bool) {
	if len(args) != 3 || args[0] != childArg {
		return false
	}
	out := bufio.NewWriterSize(os.Stdout, 64<<10)
	defer out.Flush()
	if err := confine(); err != nil && args[2] != lenient {
		text := err.Error()
		text = text[:min(len(text), 200)]
		out.WriteByte(saysRefused)
		out.WriteByte(byte(len(text)))
		out.WriteString(text)
		return true
	}
	// What is longer than its buffer is read past it: cells are not copied once more.
	in := bufio.NewReaderSize(os.Stdin, cell.Size)
	var err error
	switch args[1] {
	case modeMake:
		err = childMake(in, out, random)
	case modeUnlock:
		err = childUnlock(in, out)
	case modeOpen:
		err = childOpen(in, out)
	}
	if errors.Is(err, errHandshake) {
		out.WriteByte(saysBad)
	}
	return true
}

// errHandshake is anything wrong before a child is ready. Nobody is told more.
var errHandshake = errors.New("malformed")

// keyPipe is where the seed passes from the child that unlocks to the one that opens. The
// parent holds neither end.
func keyPipe() *os.File { return os.NewFile(3, "key") }

// childMake: u32 day, u8 difficulty, recipient → key file.
func childMake(in *bufio.Reader, out *bufio.Writer, random io.Reader) error {
	var head [5]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return errHandshake
	}
	text, err := readBlock(in)
	if err != nil {
		return errHandshake
	}
	to, err := age.ParseHybridRecipient(string(text))
	if err != nil {
		return errHandshake
	}
	seed, err := seal.NewHPKESeed(random)
	if err != nil {
		return errHandshake
	}
	sealed, err := encrypt(marshalDayKey(cell.Day(binary.BigEndian.Uint32(head[:4])), head[4], &seed), to)
	if err != nil {
		return errHandshake
	}
	out.WriteByte(saysReady)
	return writeBlock(out, sealed)
}

// childUnlock: u32 day, identity, key file → difficulty; the seed into the key's pipe.
func childUnlock(in *bufio.Reader, out *bufio.Writer) error {
	pipe := keyPipe()
	defer pipe.Close()
	var day [4]byte
	if _, err := io.ReadFull(in, day[:]); err != nil {
		return errHandshake
	}
	text, err := readBlock(in)
	if err != nil {
		return errHandshake
	}
	sealed, err := readBlock(in)
	if err != nil {
		return errHandshake
	}
	own, err := age.ParseHybridIdentity(string(text))
	if err != nil {
		return errHandshake
	}
	raw, err := decrypt(sealed, own)
	if err != nil {
		return errHandshake
	}
	d, seed, err := parseDayKey(raw, cell.Day(binary.BigEndian.Uint32(day[:])))
	if err != nil {
		return errHandshake
	}
	if _, err := pipe.Write(seed[:]); err != nil {
		return errHandshake
	}
	out.WriteByte(saysReady)
	return out.WriteByte(d)
}

// childOpen: newsroom id, u32 epoch, u16 workers, u8 canary, canary key of the epoch → public
// key; then frames, until the pipe ends with the parent.
func childOpen(in *bufio.Reader, out *bufio.Writer) error {
	var hello [helloSize]byte
	if _, err := io.ReadFull(in, hello[:]); err != nil {
		return errHandshake
	}
	var seed seal.HPKESeed
	pipe := keyPipe()
	if _, err := io.ReadFull(pipe, seed[:]); err != nil {
		return errHandshake
	}
	pipe.Close()
	s := parseHello(&hello, &seed)
	public := seed.Public()
	seed.Wipe()
	out.WriteByte(saysReady)
	out.Write(public[:])
	if err := out.Flush(); err != nil {
		return err
	}
	// The heap that lives is tiny and opening makes garbage: by default the runtime would do
	// little else than collect it.
	debug.SetGCPercent(800)
	frame, err := in.ReadByte()
	for {
		if err == nil && frame != frameBegin {
			err = errFrame
		}
		if err != nil {
			return err // most likely the parent is gone, and the key with it
		}
		var t *tally
		if t, frame, err = childSift(in, s); err == nil && frame == frameFinish {
			if err = childFinish(out, t); err == nil {
				frame, err = in.ReadByte()
			}
		}
	}
}

var errFrame = errors.New("malformed frame")

// childSift opens the cells of all frames up to another kind, which it gives too.
func childSift(in *bufio.Reader, s *sieve) (t *tally, frame byte, err error) {
	ended := false
	t = s.sift(func(room []byte) []byte {
		for !ended {
			if frame, err = in.ReadByte(); err != nil || frame != frameCells {
				break
			}
			if room, err = childCells(in, room); err != nil {
				break
			}
			if len(room) > 0 {
				return room
			}
		}
		ended = true
		return nil
	})
	return t, frame, err
}

func childCells(in *bufio.Reader, room []byte) ([]byte, error) {
	var n [2]byte
	if _, err := io.ReadFull(in, n[:]); err != nil {
		return nil, err
	}
	count := int(binary.BigEndian.Uint16(n[:]))
	if count > ChildChunk {
		return nil, errFrame
	}
	room = slices.Grow(room, count*cell.Size)[:count*cell.Size]
	_, err := io.ReadFull(in, room)
	return room, err
}

func childFinish(out *bufio.Writer, t *tally) error {
	for _, n := range []uint32{t.opened, t.canaries, uint32(len(t.recs))} {
		out.Write(binary.BigEndian.AppendUint32(nil, n))
	}
	for i := range t.recs {
		out.Write(t.recs[i][:])
	}
	return out.Flush()
}

// helloSize is that of what a child that opens is told first.
const helloSize = 32 + 4 + 2 + 1 + seal.CanaryKeySize

func marshalHello(id seal.NewsroomID, epoch cell.Day, workers int, canary *seal.CanaryDayKey) []byte {
	b := append([]byte(nil), id[:]...)
	b = binary.BigEndian.AppendUint32(b, uint32(epoch))
	b = binary.BigEndian.AppendUint16(b, uint16(workers))
	if canary == nil {
		return append(b, make([]byte, 1+seal.CanaryKeySize)...)
	}
	return append(append(b, 1), canary[:]...)
}

func parseHello(b *[helloSize]byte, seed *seal.HPKESeed) *sieve {
	epoch := cell.Day(binary.BigEndian.Uint32(b[32:36]))
	s := &sieve{
		key:     seal.NewDayOpener(seal.NewsroomID(b[:32]), epoch, seed),
		workers: max(1, int(binary.BigEndian.Uint16(b[36:38]))),
	}
	if b[38] == 1 {
		k := seal.CanaryDayKey(b[39:])
		s.canary = &k
	}
	return s
}

// A block is a u32 length and so many bytes.
func writeBlock(w io.Writer, b []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...))
	return err
}

func readBlock(r io.Reader) ([]byte, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(n[:])
	if size > childSecret {
		return nil, errors.New("block too long")
	}
	b := make([]byte, size)
	_, err := io.ReadFull(r, b)
	return b, err
}
