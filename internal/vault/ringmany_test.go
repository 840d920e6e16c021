package vault

import (
	"errors"
	"fmt"
	"testing"
)

// Many secrets are put all or none, and destroyed all; beginnings of names are kept apart.
func TestManySecrets(t *testing.T) {
	v, _, _ := newVault(t)
	var list []NamedSecret
	for i := range 300 {
		list = append(list, NamedSecret{Name: fmt.Sprintf("thread/%03d", i), Value: []byte{byte(i)}})
	}
	if err := v.PutSecrets(append(list, NamedSecret{Name: "Bad name"})...); err == nil {
		t.Error("a bad name is taken")
	}
	if names, err := v.ListSecrets("thread/"); err != nil || len(names) != 0 {
		t.Fatalf("%d of a refused list are there, %v", len(names), err)
	}
	if err := v.PutSecrets(append(list, NamedSecret{Name: "thready", Value: []byte{1}})...); err != nil {
		t.Fatal(err)
	}
	if names, err := v.ListSecrets("thread/"); err != nil || len(names) != 300 || names[299].Name != "thread/299" {
		t.Fatalf("%d names, %v", len(names), err)
	}
	if err := v.DeleteSecrets("thread/000", "not there", "thread/001"); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Secret("thread/001"); !errors.Is(err, ErrNotFound) {
		t.Errorf("destroyed, and still there: %v", err)
	}
	if names, err := v.ListSecrets("thread/00"); err != nil || len(names) != 8 {
		t.Errorf("%d names, %v", len(names), err)
	}
}
