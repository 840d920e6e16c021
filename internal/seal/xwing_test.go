package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"testing"

	"kkachi/internal/cell"
)

// A second, slow X-Wing with HPKE's key schedule, written from RFC 9180 and the X-Wing draft,
// sharing nothing with crypto/hpke: it seals with given randomness, and it can be bent.

// twoHalves are the private halves of an X-Wing seed.
type twoHalves struct {
	pq *mlkem.DecapsulationKey768
	t  *ecdh.PrivateKey
}

func halvesOf(tb testing.TB, seed *HPKESeed) twoHalves {
	tb.Helper()
	s := sha3.NewSHAKE256()
	_, _ = s.Write(seed[:])
	expanded := make([]byte, 96)
	_, _ = s.Read(expanded)
	pq, err := mlkem.NewDecapsulationKey768(expanded[:64])
	must(tb, err)
	t, err := ecdh.X25519().NewPrivateKey(expanded[64:])
	must(tb, err)
	return twoHalves{pq, t}
}

// bent says how an encapsulation departs from the rule.
type bent struct {
	point  []byte // stands for the ephemeral X25519 point
	secret []byte // stands for the X25519 secret
	pq     []byte // stands for the ML-KEM secret
	cut    bool   // leave the point out of the combiner
}

// encapsulate is X-Wing encapsulation with 64 bytes of randomness: 32 for ML-KEM, 32 for X25519.
func encapsulate(tb testing.TB, pub *HPKEPublic, random [64]byte, b bent) (secret, encap []byte) {
	tb.Helper()
	ek, err := mlkem.NewEncapsulationKey768(pub[:1184])
	must(tb, err)
	ssM, ctM, err := mlkemtest.Encapsulate768(ek, random[:32])
	must(tb, err)
	e, err := ecdh.X25519().NewPrivateKey(random[32:])
	must(tb, err)
	ctX := e.PublicKey().Bytes()
	var ssX []byte
	if b.secret == nil {
		peer, err := ecdh.X25519().NewPublicKey(pub[1184:])
		must(tb, err)
		ssX, err = e.ECDH(peer)
		must(tb, err)
	} else {
		ssX = b.secret
	}
	if b.point != nil {
		ctX = b.point
	}
	if b.pq != nil {
		ssM = b.pq
	}
	bound := ctX
	if b.cut {
		bound = nil
	}
	return combine(ssM, ssX, bound, pub[1184:]), append(ctM, ctX...)
}

func combine(ssM, ssX, ctX, pkX []byte) []byte {
	h := sha3.New256()
	for _, p := range [][]byte{ssM, ssX, ctX, pkX, []byte(`\.//^\`)} {
		_, _ = h.Write(p)
	}
	return h.Sum(nil)
}

// scheduleSeal is HPKE base mode, single shot, from a KEM secret.
func scheduleSeal(tb testing.TB, secret, info, plain []byte) []byte {
	tb.Helper()
	suite := binary.BigEndian.AppendUint16([]byte("HPKE"), 0x647a)
	suite = append(suite, 0, 1, 0, 2)
	extract := func(salt []byte, label string, ikm []byte) []byte {
		labelled := append([]byte("HPKE-v1"), suite...)
		labelled = append(append(labelled, label...), ikm...)
		out, err := hkdf.Extract(sha256.New, labelled, salt)
		must(tb, err)
		return out
	}
	expandLabel := func(prk []byte, label string, context []byte, n int) []byte {
		labelled := binary.BigEndian.AppendUint16(nil, uint16(n))
		labelled = append(append(append(labelled, "HPKE-v1"...), suite...), label...)
		out, err := hkdf.Expand(sha256.New, prk, string(append(labelled, context...)), n)
		must(tb, err)
		return out
	}
	context := append([]byte{0}, extract(nil, "psk_id_hash", nil)...)
	context = append(context, extract(nil, "info_hash", info)...)
	prk := extract(secret, "secret", nil)
	block, err := aes.NewCipher(expandLabel(prk, "key", context, 32))
	must(tb, err)
	gcm, err := cipher.NewGCM(block)
	must(tb, err)
	return gcm.Seal(nil, expandLabel(prk, "base_nonce", context, 12), plain, nil)
}

// bentSeal is sealTo with given randomness and a given departure from the rule.
func bentSeal(tb testing.TB, pub *HPKEPublic, info, plain []byte, random [64]byte, b bent) []byte {
	tb.Helper()
	secret, encap := encapsulate(tb, pub, random, b)
	return append(encap, scheduleSeal(tb, secret, info, plain)...)
}

// bentCell is a whole cell whose layers are sealed with given randomness and departures.
type bentCell struct {
	id           NewsroomID
	epoch        cell.Day
	day, inbox   *HPKEPublic
	flag         byte
	fragment     []byte
	outer, inner bent
	outerRandom  [64]byte
	innerRandom  [64]byte
}

func (b bentCell) seal(tb testing.TB) *cell.Cell {
	tb.Helper()
	rec := bentSeal(tb, b.inbox, innerInfo(b.id, b.inbox), b.fragment, b.innerRandom, b.inner)
	sealed := bentSeal(tb, b.day, outerInfo(b.id, b.epoch), append([]byte{b.flag}, rec...), b.outerRandom, b.outer)
	var c cell.Cell
	binary.BigEndian.PutUint32(c[:4], uint32(b.epoch))
	if n := copy(c[cell.HeaderSize:], sealed); n != len(sealed) || n != cell.Size-cell.HeaderSize {
		tb.Fatalf("sealed part has %d bytes", len(sealed))
	}
	return &c
}

// seeded is randomness that is the same in every run.
func seeded(label string) io.Reader { return rand.NewChaCha8(sha256.Sum256([]byte(label))) }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func seedOf(label string) *HPKESeed { s := HPKESeed(sha256.Sum256([]byte(label))); return &s }

func randomOf(label string) (out [64]byte) {
	_, _ = io.ReadFull(seeded(label), out[:])
	return out
}
