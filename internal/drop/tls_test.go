package drop_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kkachi/internal/drop"
)

// newCertificate writes a chain and a key, and gives the pool of who trusts them.
func newCertificate(t *testing.T, dir string, serial int64, ends time.Time) *x509.CertPool {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "host"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: ends, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, public, private)
	must(err)
	key, err := x509.MarshalPKCS8PrivateKey(private)
	must(err)
	must(os.WriteFile(filepath.Join(dir, "chain.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), 0o600))
	leaf, err := x509.ParseCertificate(der)
	must(err)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return pool
}

// A certificate that is renewed is used from the next look at the clock; one that is half
// written is not, and the former goes on.
func TestCertificatesAreReadAnew(t *testing.T) {
	s := play(t)
	dir := t.TempDir()
	far := s.clock().AddDate(50, 0, 0)
	pool := newCertificate(t, dir, 1, far)
	chain, key := filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem")
	certificates, err := drop.ReadCertificates(chain, key)
	s.must(err)
	h, err := drop.New(t.Context(), drop.Config{Store: s.store, Now: s.clock, Certificates: certificates})
	s.must(err)
	addr := serve(t, h)
	serial := func(pool *x509.CertPool, highest uint16, sessions tls.ClientSessionCache) (int64, error) {
		d := tls.Dialer{Config: &tls.Config{RootCAs: pool, MaxVersion: highest, ClientSessionCache: sessions, NextProtos: []string{"h2", "http/1.1"}}}
		conn, err := d.DialContext(t.Context(), "tcp", addr)
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		state := conn.(*tls.Conn).ConnectionState()
		if state.NegotiatedProtocol != "http/1.1" || state.DidResume {
			t.Errorf("protocol %q, resumed %v", state.NegotiatedProtocol, state.DidResume)
		}
		_, err = conn.Write([]byte("GET /d HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
		s.must(err)
		var answer bytes.Buffer
		_, err = answer.ReadFrom(conn)
		s.must(err)
		if !strings.HasPrefix(answer.String(), "HTTP/1.1 404 ") {
			t.Errorf("answer %q", answer.String())
		}
		return state.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	cache := tls.NewLRUClientSessionCache(4)
	for range 2 {
		if n, err := serial(pool, 0, cache); err != nil || n != 1 {
			t.Fatal(n, err)
		}
	}
	if _, err := serial(pool, tls.VersionTLS12, nil); err == nil {
		t.Error("TLS 1.2 is spoken")
	}
	s.must(os.WriteFile(key, []byte("half"), 0o600))
	if err := h.Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "key.pem") {
		t.Errorf("a broken key: %v", err)
	}
	if n, err := serial(pool, 0, nil); err != nil || n != 1 {
		t.Errorf("with broken files on the disk: certificate %d, %v", n, err)
	}
	pool = newCertificate(t, dir, 2, far)
	s.must(h.Tick(t.Context()))
	if n, err := serial(pool, 0, nil); err != nil || n != 2 {
		t.Errorf("after the renewal: certificate %d, %v", n, err)
	}
	if _, err := drop.ReadCertificates(chain, chain); err == nil {
		t.Error("a chain is taken for its key")
	}
}

// The operator is told before a certificate ends.
func TestCertificateThatEndsIsTrouble(t *testing.T) {
	s := play(t)
	dir := t.TempDir()
	newCertificate(t, dir, 1, s.clock().AddDate(0, 0, drop.WarnCertificateDays+1))
	certificates, err := drop.ReadCertificates(filepath.Join(dir, "chain.pem"), filepath.Join(dir, "key.pem"))
	s.must(err)
	h, err := drop.New(t.Context(), drop.Config{Store: s.store, Now: s.clock, Certificates: certificates})
	s.must(err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- h.ServeHealth(ctx, ln) }()
	look := func() string {
		r, err := http.NewRequest(http.MethodGet, "http://"+ln.Addr().String()+"/", nil)
		s.must(err)
		r.Close = true
		res, err := http.DefaultTransport.RoundTrip(r)
		s.must(err)
		defer res.Body.Close()
		var text bytes.Buffer
		_, err = text.ReadFrom(res.Body)
		s.must(err)
		return text.String()
	}
	if strings.Contains(look(), "certificate") {
		t.Error("a certificate that is good for longer is trouble")
	}
	s.set(s.clock().AddDate(0, 0, 2))
	if text := look(); !strings.Contains(text, "certificate") {
		t.Errorf("its end is near: %q", text)
	}
	cancel()
	s.must(<-done)
}
