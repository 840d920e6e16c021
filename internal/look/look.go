// Package look holds what the pages of the house share to look alike: the tokens of colour,
// space and type, and the base rules that use them. The desk and the site serve it as one
// style sheet, and add their own rules after it.
//
// What enters: nothing. What leaves: a style sheet. What may never be known here: a word of
// any language, or what a page is about.
package look

import _ "embed"

//go:embed tokens.css
var tokens string

//go:embed base.css
var base string

//go:embed site.css
var site string

//go:embed composer.css
var composer string

// Tokens is tokens.css: custom properties only. The bytes are the caller's.
func Tokens() []byte { return []byte(tokens) }

// Base is base.css: rules for elements and a few classes, made of the tokens.
func Base() []byte { return []byte(base) }

// CSS is both, tokens first. It fetches nothing: no font, no image, no import.
func CSS() []byte { return []byte(tokens + "\n" + base) }

// Site is the whole style sheet of the published site: CSS, the rules of a newspaper, and those
// of the composer's sheet, which the reader's script takes from it. It stands here and not in
// press, so that the desk's preview looks like what is printed.
func Site() []byte { return []byte(tokens + "\n" + base + "\n" + site + "\n" + composer) }
