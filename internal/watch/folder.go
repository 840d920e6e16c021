package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path"

	"kkachi/internal/relay"
	"kkachi/internal/seal"
)

// index is what a host hands out for a folder's address, which is what people type.
const index = "index" + pageType

// root wants the root of the site to be its index, or to be nothing.
func (v *siteVisit) root(ctx context.Context, w *Watch) error {
	if f := v.files[index]; f != nil {
		return v.index(ctx, w, f, "", "the root of the site")
	}
	for _, way := range w.ways() {
		switch _, err := way.ask(ctx, "", SiteMaxFile); {
		case errors.Is(err, relay.ErrNotFound):
		case err != nil && !errors.Is(err, relay.ErrRefused):
			return fmt.Errorf("fetching the root of the site: %w", err)
		default:
			v.say(InPage, "the root of the site%s is a page that the manifest does not list", way.called)
			return nil
		}
	}
	return nil
}

// folder wants the folder whose index a file is to show that file.
func (v *siteVisit) folder(ctx context.Context, w *Watch, f *seal.SiteFile) error {
	at, name := path.Split(f.Path)
	if name != index || at == "" {
		return nil
	}
	return v.index(ctx, w, f, at, at)
}

func (v *siteVisit) index(ctx context.Context, w *Watch, f *seal.SiteFile, at, called string) error {
	if f.Size > SiteMaxFile {
		return nil // which is said of the file
	}
	for _, way := range w.ways() {
		data, err := way.ask(ctx, at, int64(f.Size))
		switch {
		case errors.Is(err, relay.ErrNotFound), errors.Is(err, relay.ErrRefused), err == nil && sha256.Sum256(data) != f.Hash:
			v.say(InPage, "%s%s is not its %s", called, way.called, index)
			return nil
		case err != nil:
			return fmt.Errorf("fetching %s: %w", called, err)
		}
	}
	return nil
}
