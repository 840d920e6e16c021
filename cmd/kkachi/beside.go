package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kkachi/internal/contacts"
	"kkachi/internal/desk"
	"kkachi/internal/vault"
)

// secretBeside begins the names under which a backup carries what a desk needs beside its
// vault: newsroom.toml, the notes, the contacts, the house rules, the estimates, and the approvers' keys, each under its own passphrase. It
// stands in the ring while the backup is written, and no longer.
const secretBeside = "cmd/beside/"

// besideFiles are those files below DIR, as they are found.
func besideFiles(dir string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, pattern := range []string{
		configFile, "desk/notes/*.note", "desk/approvers/*.age", "desk/" + desk.RulesFile, "desk/" + desk.EstimatesFile,
		"desk/" + contacts.File, "desk/notes/" + contacts.File,
	} {
		paths, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name, err := filepath.Rel(dir, path)
			if err != nil {
				return nil, err
			}
			if out[filepath.ToSlash(name)], err = os.ReadFile(path); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// withBeside runs write while the ring holds the files beside the vault.
func withBeside(v *vault.Vault, dir string, write func() error) error {
	files, err := besideFiles(dir)
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := v.PutSecret(secretBeside+name, data, 0); err != nil {
			return err
		}
	}
	return errors.Join(write(), takeOutBeside(v, nil))
}

// takeOutBeside hands each file to do, if there is one, and clears it from the ring.
func takeOutBeside(v *vault.Vault, do func(name string, data []byte) error) error {
	list, err := v.ListSecrets(secretBeside)
	if err != nil {
		return err
	}
	for _, s := range list {
		if do != nil {
			data, err := v.Secret(s.Name)
			if err != nil {
				return err
			}
			if err := do(strings.TrimPrefix(s.Name, secretBeside), data); err != nil {
				return err
			}
		}
		if err := v.DeleteSecret(s.Name); err != nil {
			return err
		}
	}
	return nil
}

// layBeside writes the files that a backup carried below DIR, over none that is there.
func layBeside(v *vault.Vault, dir string) error {
	return takeOutBeside(v, func(name string, data []byte) error {
		if !filepath.IsLocal(name) {
			return fmt.Errorf("the backup carries a file outside of the folder: %q", name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		mode := fs.FileMode(0o600)
		if name == configFile {
			mode = 0o644
		}
		return writeFile(path, data, mode)
	})
}
