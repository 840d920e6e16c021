package vault

import (
	"context"
)

func (v *Vault) dropBlobs(ctx context.Context, things []Thing) error { return nil }
