package custody

import (
	"bufio"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The form of a file: magic, salt, then chunks, each sealed by itself.
const (
	Magic    = "KKC1"
	SaltSize = 16
	Chunk    = 1 << 16 // bytes of the original in each chunk but the last
	tagSize  = 16
)

const info = "kkachi/1 custody"

// header is what stands before the chunks, and is sealed with each of them.
type header [len(Magic) + SaltSize]byte

// aead makes the cipher of one file.
func (h *header) aead(key Key) (cipher.AEAD, error) {
	k, err := hkdf.Key(sha256.New, key[:], h[len(Magic):], info, KeySize)
	if err != nil {
		return nil, err
	}
	defer clear(k)
	b, err := aes.NewCipher(k)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(b)
}

// nonce counts chunks; the last one is marked, so that a file can't be cut between two.
func nonce(n uint64, last bool) []byte {
	out := make([]byte, 12)
	binary.BigEndian.PutUint64(out[3:11], n)
	if last {
		out[11] = 1
	}
	return out
}

// encrypt seals r into w, and gives the size of what r gave.
func encrypt(w io.Writer, r io.Reader, key Key, random io.Reader) (int64, error) {
	var h header
	copy(h[:], Magic)
	if _, err := io.ReadFull(random, h[len(Magic):]); err != nil {
		return 0, fmt.Errorf("randomness: %w", err)
	}
	a, err := h.aead(key)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(h[:]); err != nil {
		return 0, err
	}
	in := bufio.NewReaderSize(r, Chunk+1)
	buf := make([]byte, Chunk, Chunk+tagSize)
	defer clear(buf)
	var size int64
	for n := uint64(0); ; n++ {
		got, err := io.ReadFull(in, buf[:Chunk])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return 0, err
		}
		size += int64(got)
		_, more := in.Peek(1)
		if more != nil && !errors.Is(more, io.EOF) {
			return 0, more
		}
		last := more != nil
		if _, err := w.Write(a.Seal(nil, nonce(n, last), buf[:got], h[:])); err != nil {
			return 0, err
		}
		if last {
			return size, nil
		}
	}
}

// decrypt opens r into w. What is wrong is a *Fault that says between which bytes.
func decrypt(w io.Writer, r io.Reader, key Key) error {
	var h header
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return torn(err, "it ends within its header")
	}
	if string(h[:len(Magic)]) != Magic {
		return &Fault{What: Edited, Detail: "its first bytes are no original's"}
	}
	a, err := h.aead(key)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(r, Chunk+tagSize+1)
	buf := make([]byte, Chunk+tagSize)
	defer clear(buf)
	for n := uint64(0); ; n++ {
		got, err := io.ReadFull(in, buf)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("custody: %w", err)
		}
		if got <= tagSize {
			return &Fault{What: Torn, Detail: fmt.Sprintf("it ends at byte %d", n*Chunk)}
		}
		_, more := in.Peek(1)
		if more != nil && !errors.Is(more, io.EOF) {
			return fmt.Errorf("custody: %w", more)
		}
		clearText, err := a.Open(buf[:0], nonce(n, more != nil), buf[:got], h[:])
		if err != nil {
			return &Fault{What: Edited, Detail: fmt.Sprintf("between its bytes %d and %d something differs, or the end is missing", n*Chunk, n*Chunk+uint64(got-tagSize)-1)}
		}
		if _, err := w.Write(clearText); err != nil {
			return err
		}
		if more != nil {
			return nil
		}
	}
}

func torn(err error, detail string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Fault{What: Torn, Detail: detail}
	}
	return fmt.Errorf("custody: %w", err)
}
