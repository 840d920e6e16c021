package web

import (
	"os"
	"slices"
	"strings"

	"kkachi/internal/cell"
	"kkachi/internal/desk"
	"kkachi/internal/desk/ladder"
	"kkachi/internal/lang"
)

const caseDir = "../../demo/case/"

// tell brings the motivating case to the desk: six letters, a call, a reply that was read
// back and one that waits, a translation.
func (r *room) tell() {
	r.t.Helper()
	ctx := r.t.Context()
	text := func(n string) string {
		b, err := os.ReadFile(caseDir + "reports/" + n + ".txt")
		must(r.t, err)
		return strings.TrimSpace(string(b))
	}
	r.letter("A", cell.KindLetter, text("01"), cell.ReplyID{})
	r.name("A")
	_, _, err := r.desk.Reply(ctx, r.ids["A"], "고맙습니다. 두 사람이 언제부터 붙어 있는지 알려 주실 수 있습니까?", "mina")
	must(r.t, err)
	r.sync()
	source, _, _, err := r.desk.TakeCall(ctx, desk.CallNote{Kind: desk.KindCall, Lang: lang.Korean, Text: text("02"), Taker: "mina"})
	must(r.t, err)
	r.ids["B"] = source
	r.letter("C", cell.KindLetter, text("03"), cell.ReplyID{})
	r.name("C")
	r.letter("A", cell.KindLetter, text("04"), r.read("A"))
	r.letter("D", cell.KindLetter, text("05"), cell.ReplyID{})
	r.name("D")
	r.letter("F", cell.KindHelp, text("06"), cell.ReplyID{})
	r.name("F")
	r.letter("E", cell.KindLetter, text("07"), cell.ReplyID{})
	r.name("E")
	_, _, err = r.desk.Reply(ctx, r.ids["A"], "두 번째 편지도 잘 받았습니다. 답장은 천천히 하셔도 됩니다.", "mina")
	must(r.t, err)
	view, err := r.desk.Thread(ctx, r.ids["C"])
	must(r.t, err)
	_, err = r.desk.AddTranslation(ctx, view.Reports[0].ID, desk.Translation{
		Lang: lang.English, By: "mina", Text: "I live near the south-western border. Since this summer patrols on the roads towards Laos have clearly increased; " +
			"there are five check points instead of two, and they check at night too.",
	})
	must(r.t, err)
	view, err = r.desk.Thread(ctx, r.ids["E"])
	must(r.t, err)
	_, err = r.desk.Translate(ctx, view.Reports[0].ID, lang.English, "hana", []string{
		"About the border, I have something different to say.", "A driver I know got somebody across for money only last week, but the price is four times what it was.", "It is not quite impossible.",
	}, desk.TranslationDone)
	must(r.t, err)
	_, err = r.desk.SetSheet(ctx, r.ids["A"], desk.Sheet{
		Access: "takes part in the sessions", Langs: []lang.Tag{lang.Korean}, Reliability: "B", Wishes: "do not print place", Danger: 3,
		Reason: "was right about the sessions before", By: "mina",
	})
	must(r.t, err)
}

// name remembers the desk's id of the person whose letter came last.
func (r *room) name(person string) {
	r.t.Helper()
	rows, err := r.desk.Inbox(r.t.Context())
	must(r.t, err)
	for _, row := range rows {
		known := false
		for _, id := range r.ids {
			known = known || id == row.ID
		}
		if !known {
			r.ids[person] = row.ID
			return
		}
	}
	r.t.Fatalf("%s is not in the inbox", person)
}

// judge enters the case's claims and evidence.
func (r *room) judge() map[string]desk.ID {
	r.t.Helper()
	ctx := r.t.Context()
	claims := map[string]desk.ID{}
	raw, err := os.ReadFile(caseDir + "expected/claims.tsv")
	must(r.t, err)
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n")[1:] {
		f := strings.Split(line, "\t")
		id, _, err := r.desk.NewClaim(ctx, desk.Claim{Statement: f[1]})
		must(r.t, err)
		claims[f[0]] = id
	}
	reports, handles := map[string]desk.ID{}, map[string]string{}
	for person, numbers := range map[string][]string{
		"A": {"01", "04"}, "B": {"02"}, "C": {"03"}, "D": {"05"}, "E": {"07"}, "F": {"06"},
	} {
		view, err := r.desk.Thread(ctx, r.ids[person])
		must(r.t, err)
		handles[person] = view.Handle
		for i, n := range numbers {
			reports[n] = view.Reports[i].ID
		}
	}
	_, err = r.desk.SetConsent(ctx, reports["06"], true)
	must(r.t, err)
	raw, err = os.ReadFile(caseDir + "evidence.tsv")
	must(r.t, err)
	items, err := ladder.ParseTable(strings.NewReader(string(raw)))
	must(r.t, err)
	for _, it := range items {
		relays := slices.Clone(it.Relays)
		for i := range relays {
			if h, ok := handles[relays[i]]; ok {
				relays[i] = h
			}
		}
		if it.Unknown {
			relays = append(relays, "?")
		}
		e, _, err := r.desk.AddEvidence(ctx, desk.EvidenceInput{
			Claim: claims[it.Claim], Report: reports[it.Report], Stance: it.Stance, Path: it.Path,
			Relays: strings.Join(relays, ","), Grade: it.Grade,
		})
		must(r.t, err)
		r.ids[it.Claim+"/"+it.Report], r.ids["report "+it.Report] = e, reports[it.Report]
	}
	return claims
}

// printed releases a story on a claim of its own, whose source is discredited since: a
// correction is due.
func (r *room) printed(claims map[string]desk.ID) desk.ID {
	r.t.Helper()
	ctx := r.t.Context()
	id, _, err := r.desk.NewStory(ctx, desk.Story{
		Title: "Patrols", Original: lang.English,
		Editions: map[lang.Tag]desk.EditionText{
			lang.Korean:  {Headline: "돈을 내도 지나지 못한다", Standfirst: "국경으로 가는 길.", Reason: "위험해질 수 있다."},
			lang.English: {Headline: "Money no longer helps", Standfirst: "On the way to the border.", Reason: "They would be in danger."},
			lang.Chinese: {Headline: "花钱也过不去", Standfirst: "通往边境的路上。", Reason: "会有危险。"},
		},
		Paragraphs: []desk.Paragraph{{Sentences: []desk.Sentence{{
			Text:  trio("세 사람이 붙들려 갔다고 {source}은 말했다.", "{Source} said that three people were led away.", "{source}说，有三人被带走。"),
			Level: lang.Level{Place: 2, Day: 1}, Claims: []desk.ID{claims["C08"]},
		}}}},
	})
	must(r.t, err)
	v, err := r.desk.Story(ctx, id)
	must(r.t, err)
	for _, rule := range v.House {
		if rule.Verdict == desk.Hold {
			_, err := r.desk.AnswerRule(ctx, id, rule.Rule(), "mina", "placed to know")
			must(r.t, err)
		}
	}
	for _, name := range []string{"ayla", "boram"} {
		_, err := r.desk.Approve(ctx, id, name, []byte("pass of "+name))
		must(r.t, err)
	}
	_, err = r.desk.Release(ctx, id)
	must(r.t, err)
	_, err = r.desk.DisputeClaim(ctx, claims["C08"], "mina", "a second look at the photograph")
	must(r.t, err)
	return id
}

func trio(ko, en, zh string) map[lang.Tag]string {
	return map[lang.Tag]string{lang.Korean: ko, lang.English: en, lang.Chinese: zh}
}

// write drafts a story on the case's claims. Its photograph is raw still.
func (r *room) write(claims map[string]desk.ID) desk.ID {
	r.t.Helper()
	ctx := r.t.Context()
	sentence := func(text map[lang.Tag]string, level lang.Level, disputed bool, names ...string) desk.Sentence {
		s := desk.Sentence{Text: text, Level: level, Disputed: disputed}
		for _, n := range names {
			s.Claims = append(s.Claims, claims[n])
		}
		return s
	}
	plain := lang.Level{Place: 2, Day: 1}
	id, _, err := r.desk.NewStory(ctx, desk.Story{
		Title: "Sessions at missions", Original: lang.Korean,
		Editions: map[lang.Tag]desk.EditionText{
			lang.Korean:  {Headline: "해외 주재원 학습 모임, 일주일에 한 번에서 이틀에 한 번으로", Standfirst: "행적 보고와 충성 다짐이 잦아지고, 국경으로 가는 길의 단속도 늘었다.", Reason: "이름이 알려지면 위험해질 수 있어 증언한 사람을 밝히지 않는다."},
			lang.English: {Headline: "Officials posted abroad are now called together every two days", Standfirst: "They account for their movements and swear loyalty more often, and patrols on the way to the border have increased.", Reason: "Those who spoke are not named because they would be in danger if they were known."},
			lang.Chinese: {Headline: "驻外人员学习会由每周举行一次改为两天一次", Standfirst: "汇报行踪、宣誓效忠更加频繁，通往边境道路上的巡查也有所增加。", Reason: "讲述者一旦身份曝光就会有危险，因此不公布姓名。"},
		},
		Paragraphs: []desk.Paragraph{
			{Sentences: []desk.Sentence{
				sentence(trio("{said} 대표부에서 일주일에 한 번 열리던 학습 모임이 이제는 이틀에 한 번 열린다고 전했다.", "{said} that study sessions at missions abroad, once held every week, are now held once every two days.", "{said}，驻外代表机构原来每周一次的学习会，如今改为两天一次。"), plain, false, "C01"),
				sentence(trio("{source}에 따르면 참가자는 그동안의 행적을 보고하고 충성을 다짐해야 한다.", "Those who attend have to account for what they have been doing and to swear loyalty, {source} said.", "据{source}说，参加者必须汇报近况，并宣誓效忠。"), plain, false, "C02"),
			}},
			{Sentences: []desk.Sentence{
				sentence(trio("{source}은 라오스로 이어지는 길에서 단속이 늘었다고 전했다.", "{Source} said that patrols on the roads towards Laos have increased.", "{source}说，通往老挝的道路上巡查有所增加。"), plain, false, "C06"),
				sentence(trio("돈을 주고 국경을 넘는 일이 더는 통하지 않는지에 대해서는 증언이 엇갈린다.", "Whether money no longer helps at that border is disputed: the accounts contradict each other.", "花钱过境是否已行不通，各方说法不一。"), plain, true, "C07"),
				sentence(trio("{source}은 무역이 거의 멎었다고 했다.", "{Source} said that trade has all but come to a halt.", "{source}说，贸易几乎停顿。"), lang.Level{Place: 2, Day: 4, Medium: 2}, false, "C10"),
			}},
		},
		Names: lang.Names{When: lang.Words{KO: "월요일", EN: "on Monday", ZH: "周一"}},
	})
	must(r.t, err)
	photo, err := os.ReadFile(caseDir + "photo.jpg")
	must(r.t, err)
	_, err = r.desk.SetPhoto(ctx, id, photo, "photo.jpg", desk.Photo{
		File: true, Alt: trio("담장과 깃대가 있는 대표부 건물", "A mission building with a wall and a flagpole", "有围墙和旗杆的代表机构大楼"),
		Caption: trio("해외에 있는 한 대표부 건물", "The building of a mission abroad", "一处驻外代表机构的大楼"),
		Credit:  trio("그림: 까치", "Drawing: Kkachi", "绘图：喜鹊"),
	})
	must(r.t, err)
	return id
}
