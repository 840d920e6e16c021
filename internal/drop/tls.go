package drop

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// WarnCertificateDays before its end a certificate is told of as trouble.
const WarnCertificateDays = 7

// Certificates are a chain of certificates and its key, in two PEM files that somebody else
// renews: the host reads them anew with each Tick. The key is that of the transport; it opens
// nothing that this host is given.
type Certificates struct {
	chainPath, keyPath string

	mu         sync.Mutex // guards all below
	chain, key []byte
	parsed     *tls.Certificate
}

// ReadCertificates reads both files. An error names the file, never its contents.
func ReadCertificates(chainPath, keyPath string) (*Certificates, error) {
	c := &Certificates{chainPath: chainPath, keyPath: keyPath}
	if err := c.Reload(); err != nil {
		return nil, err
	}
	return c, nil
}

// Reload reads both files anew. If that fails, what was read before goes on being used: files
// that are just being renewed may not fit each other for a moment.
func (c *Certificates) Reload() error {
	chain, err := os.ReadFile(c.chainPath)
	if err != nil {
		return fmt.Errorf("drop: certificates: %w", err)
	}
	key, err := os.ReadFile(c.keyPath)
	if err != nil {
		return fmt.Errorf("drop: key of the certificate: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed != nil && bytes.Equal(chain, c.chain) && bytes.Equal(key, c.key) {
		return nil
	}
	parsed, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return fmt.Errorf("drop: %s and %s are no chain and its key: renew both", c.chainPath, c.keyPath)
	}
	c.chain, c.key, c.parsed = chain, key, &parsed
	return nil
}

// ends is when the first certificate of the chain is good no more.
func (c *Certificates) ends() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.parsed.Leaf.NotAfter
}

func (c *Certificates) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.parsed == nil {
		return nil, errors.New("drop: no certificate")
	}
	return c.parsed, nil
}

// listener speaks TLS 1.3 and HTTP/1.1 only, and hands out no session tickets: by one a visitor
// would be known again.
func (c *Certificates) listener(ln net.Listener) net.Listener {
	return tls.NewListener(ln, &tls.Config{
		MinVersion:             tls.VersionTLS13,
		GetCertificate:         c.get,
		NextProtos:             []string{"http/1.1"},
		SessionTicketsDisabled: true,
	})
}
