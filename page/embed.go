// Package page holds the script of every reader's page, as it is built and served: views,
// their cells, and what a composer stands on. Its source is TypeScript in src; dist is what
// esbuild makes of it, kept in the project, so that a Go toolchain alone builds all of Kkachi.
//
// What enters: nothing. What leaves: the files of the bundle, and their digest. What may never
// be known here: anything. The press prints these bytes into each site, and never others.
package page

import (
	"crypto/sha256"
	"embed"
	"io/fs"
)

//go:embed dist/page.js
var dist embed.FS

// Script is the file of the bundle that each page loads.
const Script = "page.js"

// Bundle is the bundle, all files at its root.
func Bundle() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is right: it stands above
	}
	return sub
}

// Digest is the SHA-256 of the script: the engine digest of a root note (spec/02-notes.md),
// and what pages name as its integrity.
func Digest() [sha256.Size]byte {
	data, err := dist.ReadFile("dist/" + Script)
	if err != nil {
		panic(err) // it is embedded, or this would not build
	}
	return sha256.Sum256(data)
}
