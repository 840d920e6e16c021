package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
)

// Sizes in bytes of an operation's encoding (spec/07-log.md, section 2).
const (
	OpHeaderSize  = 152               // everything before the ciphertext
	SignatureSize = 64                // Ed25519
	MaxKind       = 32                // characters of a kind
	MaxContent    = 256 << 10         // content of one operation; what is larger is a blob
	MinPadded     = 128               // least size of padded content
	MaxPadded     = 264 << 10         // padded(MaxContent + 4)
	gcmTag        = 16                // AES-256-GCM
	nonceSize     = 12                // AES-256-GCM
	opMagic       = "KKO1"            // names the format and its version
	opContext     = "kkachi/1 op\x00" // before what is signed
)

// An opError names what is wrong with an encoded operation; the names are those of
// spec/vectors/log.json.
type opError string

func (e opError) Error() string { return "vault: operation: " + string(e) }

const (
	errTruncated  opError = "truncated"
	errTrailing   opError = "trailing bytes"
	errMagic      opError = "bad magic"
	errSeq        opError = "bad seq"
	errPrev       opError = "bad prev"
	errClock      opError = "bad clock"
	errKind       opError = "bad kind"
	errSubject    opError = "bad subject"
	errLength     opError = "bad length"
	errNoContent  opError = "bad empty content"
	errSignature  opError = "bad signature"
	errAuthor     opError = "wrong author"
	errContent    opError = "bad content"
	errPadding    opError = "bad padding"
	errChainCut   opError = "cut"
	errChainFork  opError = "forked"
	errChainOrder opError = "reordered"
)

// A Draft is an operation to be: what kind, on what, and with what content, which is
// encrypted under the key of KeyOf (zero: of Subject).
type Draft struct {
	Kind    Kind
	Subject Thing
	KeyOf   Thing
	Content []byte // at most MaxContent
}

// An Op is one operation of the log. Content is nil if the key of KeyOf was destroyed
// (Erased), or if the operation never had any (KeyOf is zero).
type Op struct {
	Author  DeviceID
	Seq     uint64 // 1, 2, 3 … of this author
	Prev    Hash   // of the author's operation before; zero for the first
	Day     uint32 // UTC day since 1970-01-01
	Clock   uint64 // Lamport clock
	Kind    Kind
	Subject Thing
	KeyOf   Thing
	Content []byte
	Erased  bool
	Hash    Hash // of the whole encoding
}

// A Position is a place in the canonical order of operations: by clock, then author, then
// seq. The zero Position is before all.
type Position struct {
	Clock  uint64
	Author DeviceID
	Seq    uint64
}

// Position is the operation's place in the canonical order.
func (o *Op) Position() Position { return Position{o.Clock, o.Author, o.Seq} }

// head is the end of an author's chain.
type head struct {
	seq   uint64
	hash  Hash
	clock uint64
}

// envelope is an operation as it is stored: Op without content, and the parts that open it.
type envelope struct {
	Op
	nonce      [nonceSize]byte
	ciphertext []byte
	raw        []byte
}

// padded is the size to which n bytes are padded: Padmé of at least MinPadded, which
// leaves O(log log n) bits of the length in sight, at the cost of at most 12 %.
func padded(n int) int {
	n = max(n, MinPadded)
	e := bits.Len(uint(n)) - 1
	s := bits.Len(uint(e))
	mask := 1<<(e-s) - 1
	return (n + mask) &^ mask
}

// encode encrypts content under key with the nonce, signs, and returns the whole encoding.
// A nil key stands for an operation without content. Author, Prev, Seq and the rest are
// the caller's.
func (o *Op) encode(content []byte, key *[32]byte, nonce [nonceSize]byte, signer ed25519.PrivateKey) ([]byte, error) {
	size := 0
	if key != nil {
		size = padded(len(content)+4) + gcmTag
	}
	b := make([]byte, OpHeaderSize, OpHeaderSize+size+SignatureSize)
	copy(b[0:4], opMagic)
	copy(b[4:20], o.Author[:])
	binary.BigEndian.PutUint64(b[20:28], o.Seq)
	copy(b[28:60], o.Prev[:])
	binary.BigEndian.PutUint32(b[60:64], o.Day)
	binary.BigEndian.PutUint64(b[64:72], o.Clock)
	copy(b[72:104], o.Kind)
	copy(b[104:120], o.Subject[:])
	copy(b[120:136], o.KeyOf[:])
	copy(b[136:148], nonce[:])
	binary.BigEndian.PutUint32(b[148:152], uint32(size))
	if key != nil {
		aead, err := newGCM(key)
		if err != nil {
			return nil, err
		}
		plain := make([]byte, size-gcmTag)
		defer clear(plain)
		binary.BigEndian.PutUint32(plain, uint32(len(content)))
		copy(plain[4:], content)
		b = aead.Seal(b, nonce[:], plain, b[:OpHeaderSize])
	}
	return append(b, ed25519.Sign(signer, signed(b))...), nil
}

// parseOp reads one whole encoding, strictly. It checks the shape, and neither signature
// nor content. The envelope keeps raw.
func parseOp(raw []byte) (*envelope, error) {
	n, err := opSize(raw)
	if err != nil {
		return nil, err
	}
	if len(raw) < n {
		return nil, errTruncated
	}
	if len(raw) > n {
		return nil, errTrailing
	}
	e := &envelope{raw: raw}
	e.Author = DeviceID(raw[4:20])
	e.Seq = binary.BigEndian.Uint64(raw[20:28])
	e.Prev = Hash(raw[28:60])
	e.Day = binary.BigEndian.Uint32(raw[60:64])
	e.Clock = binary.BigEndian.Uint64(raw[64:72])
	e.Subject = Thing(raw[104:120])
	e.KeyOf = Thing(raw[120:136])
	e.nonce = [nonceSize]byte(raw[136:148])
	e.ciphertext = raw[OpHeaderSize : n-SignatureSize]
	e.Hash = sha256.Sum256(raw)
	kind := raw[72:104]
	end := len(kind)
	for end > 0 && kind[end-1] == 0 {
		end--
	}
	e.Kind = Kind(kind[:end])
	switch {
	case e.Seq == 0 || e.Seq > math.MaxInt64:
		return nil, errSeq
	case (e.Seq == 1) != (e.Prev == Hash{}):
		return nil, errPrev
	case e.Clock < e.Seq || e.Clock > math.MaxInt64:
		return nil, errClock
	case !e.Kind.valid():
		return nil, errKind
	case e.Subject.IsZero():
		return nil, errSubject
	case e.KeyOf.IsZero() != (len(e.ciphertext) == 0):
		return nil, errNoContent
	case e.KeyOf.IsZero() && e.nonce != [nonceSize]byte{}:
		return nil, errNoContent
	}
	return e, nil
}

// opSize is the size of the encoding that b begins with.
func opSize(b []byte) (int, error) {
	if len(b) < OpHeaderSize {
		return 0, errTruncated
	}
	if string(b[0:4]) != opMagic {
		return 0, errMagic
	}
	n := int(binary.BigEndian.Uint32(b[148:152]))
	if n != 0 && (n < MinPadded+gcmTag || n > MaxPadded+gcmTag || padded(n-gcmTag) != n-gcmTag) {
		return 0, errLength
	}
	return OpHeaderSize + n + SignatureSize, nil
}

// verify checks the author and the signature.
func (e *envelope) verify(pub ed25519.PublicKey) error {
	if DeviceOf(pub) != e.Author {
		return errAuthor
	}
	n := len(e.raw) - SignatureSize
	if !ed25519.Verify(pub, signed(e.raw[:n]), e.raw[n:]) {
		return errSignature
	}
	return nil
}

// follows checks that e comes directly after the end h of its author's chain.
func (e *envelope) follows(h head) error {
	switch {
	case e.Seq <= h.seq:
		return errChainFork
	case e.Seq > h.seq+1:
		return errChainCut
	case e.Prev != h.hash:
		return errChainFork
	case e.Clock <= h.clock:
		return errChainOrder
	}
	return nil
}

func (e *envelope) head() head { return head{e.Seq, e.Hash, e.Clock} }

// open decrypts the content under the thing's key.
func (e *envelope) open(aead cipher.AEAD) ([]byte, error) {
	plain, err := aead.Open(nil, e.nonce[:], e.ciphertext, e.raw[:OpHeaderSize])
	if err != nil {
		return nil, errContent
	}
	n := binary.BigEndian.Uint32(plain)
	if n > MaxContent || padded(int(n)+4) != len(plain) {
		return nil, errPadding
	}
	for _, b := range plain[4+n:] {
		if b != 0 {
			return nil, errPadding
		}
	}
	return plain[4 : 4+n : 4+n], nil
}

func signed(b []byte) []byte {
	return append(append(make([]byte, 0, len(opContext)+len(b)), opContext...), b...)
}

func newGCM(key *[32]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
