package press

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// webcatFile is the file that lists the site in the format of WEBCAT's manifest: for whoever
// holds a browser to such a list. It names neither itself nor anybody who signs.
const webcatFile = "webcat.json"

// webcat lists files. Its keys stand in ascending order, without blanks: its one form.
func (s *Site) webcat(files []printed, script [sha256.Size]byte) (printed, error) {
	_, at, _ := strings.Cut(s.Address, "@")
	digests := map[string]string{}
	for _, f := range files {
		sum := sha256.Sum256(f.data)
		digests["/"+f.path] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(map[string]any{
		"manifest": map[string]any{
			"app": at, "version": fmt.Sprintf("%x", script), "default_csp": s.Policy, "extra_csp": map[string]string{},
			"default_index": "index.html", "default_fallback": "/404.html", "files": digests, "wasm": []string{},
		},
		"signatures": map[string]string{},
	})
	if err != nil {
		return printed{}, fmt.Errorf("press: %s: %w", webcatFile, err)
	}
	return printed{webcatFile, bytes.TrimSuffix(b.Bytes(), []byte("\n"))}, nil
}
