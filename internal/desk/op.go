package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"kkachi/internal/vault"
)

// Kinds of the desk's operations. The content of each is JSON, in the file of its noun.
const (
	opSource        vault.Kind = "source.new"
	opSheet         vault.Kind = "source.sheet"
	opTake          vault.Kind = "case.take"
	opLetter        vault.Kind = "letter.in"
	opCall          vault.Kind = "call.note"
	opRead          vault.Kind = "report.read"
	opConsent       vault.Kind = "report.consent"
	opTranslate     vault.Kind = "report.translation"
	opReportDrop    vault.Kind = "report.withdraw"
	opDiscredit     vault.Kind = "source.discredit"
	opSettle        vault.Kind = "correction.settle"
	opReply         vault.Kind = "reply.queue"
	opReplyOut      vault.Kind = "reply.out"
	opReplyPassed   vault.Kind = "reply.passed"
	opReplyWithdraw vault.Kind = "reply.withdraw"
	opClaim         vault.Kind = "claim.set"
	opClaimDrop     vault.Kind = "claim.withdraw"
	opMerge         vault.Kind = "claim.merge"
	opDispute       vault.Kind = "claim.dispute"
	opLift          vault.Kind = "claim.lift"
	opEvidence      vault.Kind = "evidence.set"
	opEvidenceDrop  vault.Kind = "evidence.withdraw"
	opStory         vault.Kind = "story.set"
	opPhoto         vault.Kind = "story.photo"
	opOverride      vault.Kind = "story.override"
	opCandidate     vault.Kind = "story.candidate"
	opApprove       vault.Kind = "story.approve"
	opRelease       vault.Kind = "story.release"
	opComment       vault.Kind = "story.comment"
	opRule          vault.Kind = "story.rule"
	opEmbargo       vault.Kind = "story.embargo"
	opSpend         vault.Kind = "source.spend"
	opBatch         vault.Kind = "batch.read"
	opReveal        vault.Kind = "thread.reveal"
	opBlock         vault.Kind = "thread.block"
	opSweep         vault.Kind = "thread.sweep"
	opApart         vault.Kind = "thread.apart"
	opEvidenceGone  vault.Kind = "evidence.erased"
	opErased        vault.Kind = "erasure.done"
	opFree          vault.Kind = "hold.free"
	opDraft         vault.Kind = "draft.set"
	opUndo          vault.Kind = "undo"
)

// Kinds of what journalists say about threads, and of cases.
const (
	opUnread    vault.Kind = "thread.unread"
	opTopic     vault.Kind = "thread.topic"
	opTags      vault.Kind = "thread.tags"
	opAssign    vault.Kind = "thread.assign"
	opSnooze    vault.Kind = "thread.snooze"
	opRemark    vault.Kind = "thread.note"
	opJoin      vault.Kind = "thread.join"
	opView      vault.Kind = "inbox.view"
	opCanned    vault.Kind = "reply.canned"
	opCaseOpen  vault.Kind = "case.open"
	opCaseSheet vault.Kind = "case.sheet"
	opCaseStep  vault.Kind = "case.step"
	opCaseGive  vault.Kind = "case.give"
	opCaseClose vault.Kind = "case.close"
)

// draft makes the draft of an operation. The content is encrypted under the key of keyOf:
// what a source told dies with the source.
func draft(kind vault.Kind, subject, keyOf ID, content any) (vault.Draft, error) {
	b, err := json.Marshal(content)
	if err != nil {
		return vault.Draft{}, fmt.Errorf("desk: %s: %w", kind, err)
	}
	return vault.Draft{Kind: kind, Subject: vault.Thing(subject), KeyOf: vault.Thing(keyOf), Content: b}, nil
}

// append1 appends one operation and gives its id. Drafts whose place it takes end with it.
func (d *Desk) append1(ctx context.Context, kind vault.Kind, subject, keyOf ID, content any) (OpID, error) {
	dr, err := draft(kind, subject, keyOf, content)
	if err != nil {
		return OpID{}, err
	}
	all, err := d.endDrafts(ctx, []vault.Draft{dr})
	if err != nil {
		return OpID{}, err
	}
	hs, err := d.v.Append(ctx, all...)
	if err != nil {
		return OpID{}, fmt.Errorf("desk: %s: %w", kind, err)
	}
	return OpID(hs[0]), nil
}

// newID draws the ID of a new thing.
func (d *Desk) newID() (ID, error) {
	t, err := vault.NewThing(d.cfg.Rand)
	return ID(t), err
}

// read decodes the content of an operation or a state strictly.
func read(content []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}
