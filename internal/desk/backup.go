package desk

import (
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/vault"
)

// BackupKeeps says which secrets of the ring a backup of today may hold, for vault.Backup:
// no letter in the making and no memory of what was put, and of inbox keys only those that
// were in force today or come after, so that a backup lets no ended key live on.
func BackupKeeps(today cell.Day) func(vault.SecretInfo) bool {
	return func(s vault.SecretInfo) bool {
		switch {
		case strings.HasPrefix(s.Name, secretPending), strings.HasPrefix(s.Name, secretSent), strings.HasPrefix(s.Name, secretTags):
			return false
		case strings.HasPrefix(s.Name, secretInbox):
			return s.NotAfter >= uint32(today+InboxDays)
		}
		return true
	}
}
