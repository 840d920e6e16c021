package seal

import (
	"bytes"
	"crypto/hpke"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kkachi/internal/cell"
)

// Packages that can encrypt to a public key, or agree on a key, otherwise than by X-Wing.
var classic = []string{
	"crypto/ecdh", "crypto/elliptic", "crypto/rsa", "crypto/mlkem", "crypto/dsa",
	"golang.org/x/crypto/nacl", "golang.org/x/crypto/curve25519", "golang.org/x/crypto/openpgp",
	"golang.org/x/crypto/ssh", "filippo.io/hpke", "filippo.io/age/agessh", "filippo.io/age/plugin",
}

// What may be used of the packages that know more than one KEM or more than one recipient.
var narrow = map[string][]string{
	"crypto/hpke": {"MLKEM768X25519", "HKDFSHA256", "AES256GCM", "Seal", "Open", "PrivateKey", "PublicKey"},
}

// What of age can encrypt to a key that is not post-quantum. (Scrypt is symmetric, and stays;
// ParseIdentities only opens.)
var ageClassic = []string{"X25519Identity", "X25519Recipient", "GenerateX25519Identity", "ParseX25519Identity", "ParseX25519Recipient", "ParseRecipients"}

// P3: every public-key encryption of the project goes through X-Wing.
func TestP3EveryPublicKeyEncryptionIsHybrid(t *testing.T) {
	top := moduleRoot(t)
	seen := 0
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".")) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		seen++
		rel, _ := filepath.Rel(top, path)
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, complaint := range judgeSource(t, rel, src) {
			t.Error(complaint)
		}
		return nil
	})
	must(t, err)
	if seen < 20 {
		t.Fatalf("only %d files were read: the test looks in the wrong place", seen)
	}
	// Whose note names a device by a classic key gets it signed by nobody, and read by nobody.
	r := newRoom(t)
	r.devicesNote.Devices[0].Recipient = "age1" + strings.Repeat("q", 58)
	if _, err := SignDevices(r.devicesNote, r.root); !errors.Is(err, ErrNoteFormat) {
		t.Errorf("a device with a classic key is signed: %v", err)
	}
	forged, err := sign(r.devicesNote.text(), RoleRoot, []*SigningKey{r.root})
	must(t, err)
	if _, err := ParseDevices(forged, r.rootNote, day0); !errors.Is(err, ErrNoteFormat) {
		t.Errorf("a device with a classic key is read: %v", err)
	}
	// The judge itself can say no.
	for _, bad := range []string{
		"package x\nimport \"crypto/ecdh\"\nvar _ = ecdh.X25519",
		"package x\nimport \"crypto/hpke\"\nvar _ = hpke.DHKEM",
		"package x\nimport h \"crypto/hpke\"\nvar _ = h.MLKEM768P256",
		"package x\nimport \"filippo.io/age\"\nvar _, _ = age.GenerateX25519Identity()",
	} {
		if len(judgeSource(t, "planted.go", []byte(bad))) == 0 {
			t.Errorf("a planted classic key passed:\n%s", bad)
		}
	}
}

func judgeSource(t *testing.T, rel string, src []byte) (complaints []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), rel, src, 0)
	must(t, err)
	names := map[string]string{} // local name → path
	for _, imp := range file.Imports {
		path, _ := strconv.Unquote(imp.Path.Value)
		for _, c := range classic {
			if path == c || strings.HasPrefix(path, c+"/") {
				complaints = append(complaints, rel+" imports "+path+": public-key encryption is X-Wing only (P3)")
			}
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if imp.Name != nil {
			name = imp.Name.Name
		}
		names[name] = path
	}
	ast.Inspect(file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		path := names[x.Name]
		if allowed, ok := narrow[path]; ok && !slices.Contains(allowed, sel.Sel.Name) {
			complaints = append(complaints, rel+" uses "+path+"."+sel.Sel.Name+": not on the key-type allow list (P3)")
		}
		if path == "filippo.io/age" && slices.Contains(ageClassic, sel.Sel.Name) {
			complaints = append(complaints, rel+" uses age."+sel.Sel.Name+": not post-quantum (P3)")
		}
		return true
	})
	return complaints
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	must(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
}

// P3: who has broken one half entirely, and holds its private key, opens nothing.
func TestP3OneHalfBrokenStaysClosed(t *testing.T) {
	right, wrong := halvesOf(t, seedOf("right")), halvesOf(t, seedOf("wrong"))
	info, plain := []byte("info"), []byte("what was told")
	sealed, err := sealTo(seedOf("right").Public(), info, plain)
	must(t, err)
	open := func(h twoHalves) bool {
		k, err := hpke.NewHybridPrivateKey(h.pq, h.t)
		must(t, err)
		got, ok := openWith(k, info, sealed)
		return ok && bytes.Equal(got, plain)
	}
	if !open(right) {
		t.Fatal("the whole key does not open")
	}
	if open(twoHalves{wrong.pq, right.t}) {
		t.Error("X25519 alone opens: a quantum computer reads what was recorded")
	}
	if open(twoHalves{right.pq, wrong.t}) {
		t.Error("ML-KEM alone opens: a break of the young half is enough")
	}
}

// P3: the second implementation agrees with crypto/hpke, and the combiner binds each input.
func TestP3CombinerBindsBothHalves(t *testing.T) {
	seed := seedOf("combiner")
	pub, key := seed.Public(), seed.private()
	info, plain := []byte("info"), []byte("plain")
	opens := func(b bent) bool {
		got, ok := openWith(key, info, bentSeal(t, pub, info, plain, randomOf("combiner"), b))
		return ok && bytes.Equal(got, plain)
	}
	if !opens(bent{}) {
		t.Fatal("the second X-Wing does not agree with crypto/hpke")
	}
	other := bytes.Repeat([]byte{7}, 32)
	for name, b := range map[string]bent{
		"another X25519 secret":         {secret: other},
		"another ML-KEM secret":         {pq: other},
		"a zero ML-KEM secret":          {pq: make([]byte, 32)},
		"a point outside the combiner":  {cut: true},
		"a point that is not its own":   {point: other},
		"the zero point, a zero secret": {point: make([]byte, 32), secret: make([]byte, 32)},
	} {
		if opens(b) {
			t.Errorf("sealed with %s, it opens", name)
		}
	}
}

// P3: X-Wing's traps at the X25519 half.
func TestP3TrapsOfThePoint(t *testing.T) {
	id, epoch := NewsroomID{1}, cell.Day(20000)
	day, inbox := seedOf("trap day"), seedOf("trap inbox")
	f, err := cell.NewCoverFragment(seeded("trap fragment"))
	must(t, err)
	base := bentCell{
		id: id, epoch: epoch, day: day.Public(), inbox: inbox.Public(), flag: FlagLetter,
		fragment: f[:], outerRandom: randomOf("trap outer"), innerRandom: randomOf("trap inner"),
	}
	opener := NewDayOpener(id, epoch, day)
	if _, _, ok := opener.Open(base.seal(t)); !ok {
		t.Fatal("the plain cell does not open")
	}
	topBit := base.seal(t)
	topBit[cell.HeaderSize+cell.EncapSize-1] ^= 0x80
	if _, _, ok := opener.Open(topBit); ok {
		t.Error("the ignored top bit can be flipped")
	}
	for _, p := range lowOrder() {
		low := base
		low.outer = bent{point: p, secret: make([]byte, 32)}
		if _, _, ok := opener.Open(low.seal(t)); ok {
			t.Errorf("a low-order point opens: %x", p)
		}
	}
	// The base point u = 9: the secret is the recipient's own point. It is a valid sealing,
	// as is the same point written as 9 + p; RFC 7748 wants both taken.
	nine := base
	nine.outer = bent{point: append([]byte{9}, make([]byte, 31)...), secret: day.Public()[1184:]}
	if _, _, ok := opener.Open(nine.seal(t)); !ok {
		t.Error("a sealing with ephemeral point 9 does not open")
	}
	nine.outer.point = nonCanonicalNine()
	if _, _, ok := opener.Open(nine.seal(t)); !ok {
		t.Error("a sealing with ephemeral point 9 + p does not open")
	}
	// But one written anew in the other form is another cell, and closed.
	swapped := nine.seal(t)
	copy(swapped[cell.HeaderSize+1088:], append([]byte{9}, make([]byte, 31)...))
	if _, _, ok := opener.Open(swapped); ok {
		t.Error("a point written anew in canonical form opens")
	}
}

// lowOrder are the points of small order on Curve25519 and its twist, non-canonical forms
// among them (RFC 7748, section 6.1: the shared secret is zero).
func lowOrder() [][]byte {
	le := func(first byte, rest byte, last byte) []byte {
		p := bytes.Repeat([]byte{rest}, 32)
		p[0], p[31] = first, last
		return p
	}
	return [][]byte{
		make([]byte, 32),                       // 0
		append([]byte{1}, make([]byte, 31)...), // 1
		le(0xec, 0xff, 0x7f),                   // p − 1
		le(0xed, 0xff, 0x7f),                   // p, that is 0
		le(0xee, 0xff, 0x7f),                   // p + 1, that is 1
		unhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"), // order 8
		unhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"), // order 8
	}
}

// nonCanonicalNine is 9 + p: 2^255 − 10.
func nonCanonicalNine() []byte {
	p := bytes.Repeat([]byte{0xff}, 32)
	p[0], p[31] = 0xf6, 0x7f
	return p
}
