package lang

// sourceEN holds the words of the source's command line in English. Keys begin with
// "source."; source_ko.go and source_zh.go hold the same keys.
var sourceEN = map[string]string{
	"source.ask.address":   "The newsroom's address (kkachi:ID@URL):",
	"source.ask.words":     "Your eight words (they are not shown):",
	"source.ask.again":     "Enter the eight words again (they are not shown):",
	"source.ask.text":      "Write your letter. A line with a full stop alone ends it.",
	"source.bad.count":     "Exactly {0} words are needed, with spaces between them.",
	"source.bad.word":      "Word {0} is not in the list.",
	"source.new":           "These eight words are the only way into this conversation. Learn them by heart; do not write them down. Whoever knows them can read all replies. They are shown this once.",
	"source.echo":          "Echo word: {0}. It is shown whenever words are entered. If it is another than you know, a word was wrong.",
	"source.same":          "The words are right.",
	"source.differ":        "These are other words than the ones shown. Nothing is lost: enter them again.",
	"source.bulletin":      "Replies come back in the bulletin. This is the bulletin of {0}.",
	"source.none":          "No replies. A letter is read the day after it left; an answer can be found here two days after that.",
	"source.reply":         "Reply, bulletin of {0}:",
	"source.reply.part":    "(The rest of this reply is not in the bulletin yet.)",
	"source.receipt.one":   "The desk has received {0} piece of the letter with the mark {1}.",
	"source.receipt.other": "The desk has received {0} pieces of the letter with the mark {1}.",
	"source.wait":          "Two cells are leaving, as with every page that is opened. Keep this open for up to 13 seconds.",
	"source.mark":          "Mark of the letter: {0}. A receipt will name it.",
	"source.pieces.one":    "The letter is {0} piece and needs {1} view, about {2} min. Keep this open until it has left.",
	"source.pieces.other":  "The letter is {0} pieces and needs {1} views, about {2} min. Keep this open until all have left.",
	"source.left":          "{0} of {1} have left.",
	"source.done":          "The whole letter has left. It is read tomorrow at the earliest; a reply can be found two days after that.",
	"source.broken":        "{0} of {1} pieces have left. Send the same text with the same words again: what has arrived is not counted twice.",
	"source.empty":         "The letter is empty. Nothing but cover was sent.",
	"source.toolong":       "Send it as several letters. One letter holds up to 256 KB of text, and 64 pieces.",
	"source.untrusted":     "The clock of this computer or the site is wrong. Nothing was sent.",
	"source.notready":      "The newsroom's site is not ready yet; try again tomorrow.",
	"source.unreachable":   "The site can't be reached. Check the address and the network; over Tor, that it runs and that the proxy is given.",
}
