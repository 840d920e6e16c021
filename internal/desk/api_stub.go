package desk

import (
	"context"
	"io"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
)

func (d *Desk) Inbox(ctx context.Context) ([]InboxRow, error)               { return nil, nil }
func (d *Desk) Search(ctx context.Context, text string) ([]InboxRow, error) { return nil, nil }
func (d *Desk) Counts(ctx context.Context) (Counts, error) { return Counts{}, nil }

func (d *Desk) Thread(ctx context.Context, source ID) (*ThreadView, error) { return nil, ErrNotFound }

func (d *Desk) Report(ctx context.Context, report ID) (*ReportView, error) { return nil, ErrNotFound }
func (d *Desk) MarkRead(ctx context.Context, source ID) error              { return nil }
func (d *Desk) TakeCase(ctx context.Context, source ID, by string) (OpID, error) { return OpID{}, nil }

func (d *Desk) SetConsent(ctx context.Context, report ID, yes bool) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) AddTranslation(ctx context.Context, report ID, t Translation) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) SetSheet(ctx context.Context, source ID, s Sheet) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) Reply(ctx context.Context, source ID, text, by string) (ID, OpID, error) {
	return ID{}, OpID{}, nil
}

func (d *Desk) WithdrawReply(ctx context.Context, reply ID) (OpID, error) { return OpID{}, nil }

func (d *Desk) SaveDraft(ctx context.Context, key string, about ID, text string) error { return nil }

func (d *Desk) Draft(ctx context.Context, key string, about ID) (string, error) { return "", nil }

func (d *Desk) TakeCall(ctx context.Context, n CallNote) (source, report ID, op OpID, err error) {
	return ID{}, ID{}, OpID{}, nil
}

func (d *Desk) EditCall(ctx context.Context, report ID, n CallNote) (OpID, error) { return OpID{}, nil }
func (d *Desk) Tellers(ctx context.Context) ([]Teller, error)                     { return nil, nil }
func (d *Desk) Tokens(ctx context.Context) ([]RelayView, error)                   { return nil, nil }
func (d *Desk) Claims(ctx context.Context) ([]ClaimRow, error)                    { return nil, nil }
func (d *Desk) Claim(ctx context.Context, claim ID) (*ClaimView, error) { return nil, ErrNotFound }

func (d *Desk) NewClaim(ctx context.Context, c Claim) (ID, OpID, error) { return ID{}, OpID{}, nil }

func (d *Desk) EditClaim(ctx context.Context, claim ID, c Claim) (OpID, error) { return OpID{}, nil }

func (d *Desk) WithdrawClaim(ctx context.Context, claim ID) (OpID, error) { return OpID{}, nil }

func (d *Desk) AddEvidence(ctx context.Context, e EvidenceInput) (ID, OpID, error) {
	return ID{}, OpID{}, nil
}

func (d *Desk) EditEvidence(ctx context.Context, evidence ID, e EvidenceInput) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) WithdrawEvidence(ctx context.Context, evidence ID) (OpID, error) { return OpID{}, nil }
func (d *Desk) Stories(ctx context.Context) ([]StoryRow, error)                 { return nil, nil }
func (d *Desk) Story(ctx context.Context, story ID) (*StoryView, error) { return nil, ErrNotFound }

func (d *Desk) NewStory(ctx context.Context, s Story) (ID, OpID, error) { return ID{}, OpID{}, nil }

func (d *Desk) SetStory(ctx context.Context, story ID, s Story) (OpID, error) { return OpID{}, nil }

func (d *Desk) SetEdition(ctx context.Context, story ID, l Lang, e EditionText) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) SetSentence(ctx context.Context, story ID, paragraph, sentence int, s Sentence) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) InsertSentence(ctx context.Context, story ID, paragraph, sentence int, s Sentence) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) RemoveSentence(ctx context.Context, story ID, paragraph, sentence int) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) SetLevel(ctx context.Context, story ID, paragraph, sentence int, l lang.Level) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) SetPhoto(ctx context.Context, story ID, file []byte, p Photo) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) CleanPhoto(ctx context.Context, story ID) (OpID, error) { return OpID{}, nil }

func (d *Desk) PhotoCopy(ctx context.Context, sha256 string) ([]byte, error) { return nil, ErrNotFound }

func (d *Desk) Override(ctx context.Context, story ID, approver string, passphrase []byte, reason string) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) Approve(ctx context.Context, story ID, approver string, passphrase []byte) (OpID, error) {
	return OpID{}, nil
}

func (d *Desk) Release(ctx context.Context, story ID) (*ReleaseView, error)      { return nil, ErrApprovals }
func (d *Desk) Preview(ctx context.Context, story ID, l Lang, w io.Writer) error { return nil }
func (d *Desk) Newsroom(ctx context.Context) (*NewsroomView, error) { return nil, nil }

func (d *Desk) Undo(ctx context.Context, op OpID) (undone string, undo OpID, err error) {
	return "", OpID{}, nil
}
func (d *Desk) Sync(ctx context.Context) (SyncReport, error) { return SyncReport{}, nil }
func (d *Desk) Today() cell.Day                              { return 0 }

// A SyncReport says what one sync did. It counts, and names nobody.
type SyncReport struct {
	Day                                               cell.Day
	Batches, Records, Letters, Pending, Refused, Late int
	Put                                               []string // names of the objects put
	Bulletin                                          cell.Day // 0: none seen
	Found, Missing                                    int      // own slots in it
}
