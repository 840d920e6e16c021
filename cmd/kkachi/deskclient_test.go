package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"

	"kkachi/internal/desk/ladder"
)

// A deskClient does over the desk's pages what a journalist does in a browser: it follows the
// link, exchanges the token, and fills in forms.
type deskClient struct {
	base string
	http *http.Client
	said map[string]string // report → id, by the case's number
	who  map[string]string // teller of the case → id of the source at the desk
	told map[string]string // teller of the case → handle
	made map[string]string // claim of the case → id; "story" → the story in hand
	last string            // the page that came after the last form
}

// openDeskPages exchanges the token of a link. A *.localhost name is this machine.
func openDeskPages(link string) (*deskClient, error) {
	u, err := url.Parse(link)
	if err != nil {
		return nil, err
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		var d net.Dialer
		return d.DialContext(ctx, network, "127.0.0.1:"+port)
	}
	d := &deskClient{
		base: "http://" + u.Host, http: &http.Client{Jar: jar, Transport: &http.Transport{DialContext: dial}},
		said: map[string]string{}, who: map[string]string{}, told: map[string]string{}, made: map[string]string{},
	}
	_, _, err = d.send("/open", "text/plain", strings.NewReader(u.Fragment))
	return d, err
}

// get fetches a page.
func (d *deskClient) get(path string) (string, error) {
	resp, err := d.http.Get(d.base + path)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return string(body), err
}

// send posts, follows to the page that comes then, and gives its path and text.
func (d *deskClient) send(path, kind string, body io.Reader) (string, string, error) {
	req, err := http.NewRequest(http.MethodPost, d.base+path, body)
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", d.base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := d.http.Do(req)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("POST %s: %s: %s", path, resp.Status, firstProblem(string(text)))
	}
	return resp.Request.URL.Path, string(text), err
}

var problem = regexp.MustCompile(`(?s)role="alert">(.*?)</`)

// firstProblem is what the page says is wrong.
func firstProblem(page string) string {
	if m := problem.FindStringSubmatch(page); m != nil {
		return strings.TrimSpace(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], "")))
	}
	return "the page names no problem"
}

// post fills in a form: field, value, field, value …
func (d *deskClient) post(path string, fields ...string) (string, error) {
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Add(fields[i], fields[i+1])
	}
	at, page, err := d.send(path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	d.last = page
	return at, err
}

// upload fills in a form with a file.
func (d *deskClient) upload(path, field, name string, file []byte, fields ...string) error {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		return err
	}
	_, err = part.Write(file)
	for i := 0; i+1 < len(fields); i += 2 {
		err = errors.Join(err, w.WriteField(fields[i], fields[i+1]))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	_, _, err = d.send(path, w.FormDataContentType(), &body)
	return err
}

var (
	threadLink = regexp.MustCompile(`href="/thread/([0-9a-f]{32})"`)
	reportText = regexp.MustCompile(`(?s)<div class="words-block"[^>]*>(.*?)</div>`)
	handleText = regexp.MustCompile(`<h1 id="thread-title"><bdi>([^<]+)</bdi>`)
)

// meet reads the inbox and every thread, and learns which report of the case stands where.
// texts is number of the report → text, tellers number → teller.
func (d *deskClient) meet(texts, tellers map[string]string) error {
	inbox, err := d.get("/inbox")
	if err != nil {
		return err
	}
	for _, m := range threadLink.FindAllStringSubmatch(inbox, -1) {
		page, err := d.get("/thread/" + m[1])
		if err != nil {
			return err
		}
		handle := handleText.FindStringSubmatch(page)
		if handle == nil {
			return errors.New("a thread's page shows no handle")
		}
		for id, shown := range reportsOf(page) {
			for number, text := range texts {
				if slices.Contains(shown, words(speaker.ReplaceAllString(text, ""))) {
					d.said[number], d.who[tellers[number]], d.told[tellers[number]] = id, m[1], handle[1]
				}
			}
		}
	}
	return nil
}

// speaker is who speaks in a call note: shown beside the words, not among them.
var speaker = regexp.MustCompile(`(?m)^[A-Z]: `)

// reportsOf gives what a thread's page shows of each report: its first block of words, and all
// up to any later one, for a call is shown turn by turn.
func reportsOf(page string) map[string][]string {
	out := map[string][]string{}
	parts := strings.Split(page, `data-report="`)
	for _, part := range parts[1:] {
		id, rest, _ := strings.Cut(part, `"`)
		all := ""
		for _, m := range reportText.FindAllStringSubmatch(rest, -1) {
			all = words(all + " " + html.UnescapeString(m[1]))
			out[id] = append(out[id], all)
		}
	}
	return out
}

func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// enter enters each statement as a claim, and the table as evidence for them.
func (d *deskClient) enter(statements [][2]string, table string) error {
	for _, s := range statements {
		at, err := d.post("/claim/new", "text", s[1])
		if err != nil {
			return err
		}
		d.made[s[0]] = strings.TrimPrefix(at, "/claim/")
	}
	if _, err := d.post("/thread/consent", "id", d.said["06"], "consent", "yes"); err != nil {
		return err
	}
	items, err := ladder.ParseTable(strings.NewReader(table))
	if err != nil {
		return err
	}
	for _, it := range items {
		relays := slices.Clone(it.Relays)
		for i, r := range relays {
			if h := d.told[r]; h != "" {
				relays[i] = h
			}
		}
		if it.Unknown {
			relays = append(relays, "?")
		}
		_, err := d.post("/evidence/new", "claim", d.made[it.Claim], "report", d.said[it.Report], "stance", string(it.Stance),
			"path", string(it.Path), "relays", strings.Join(relays, ","), "grade", fmt.Sprint(it.Grade))
		if err != nil {
			return fmt.Errorf("%s from %s: %w", it.Claim, it.Report, err)
		}
	}
	return nil
}

// readCase gives the case's texts and tellers by number of the report.
func readCase(dir string) (texts, tellers map[string]string, err error) {
	texts = map[string]string{}
	tellers = map[string]string{"01": "A", "02": "B", "03": "C", "04": "A", "05": "D", "06": "F", "07": "E"}
	for n := range tellers {
		b, err := os.ReadFile(dir + "/reports/" + n + ".txt")
		if err != nil {
			return nil, nil, err
		}
		texts[n] = string(b)
	}
	return texts, tellers, nil
}

// deskCommand is the command "desk" of scripts:
//
//	desk open LINK           exchanges the link's token
//	desk meet                learns which report of $WORK/case stands where
//	desk reply TELLER TEXT   answers a teller
//	desk call FILE LANG      takes a call note
//	desk evidence            enters the case's claims and evidence.tsv
//	desk story PHOTO         drafts a story in three languages, with its photograph
//	desk approve NAME FILE   approves it with the passphrase in a file
//	desk release             releases it
//	desk publish             prints what is released and puts it up
//	desk shows PATH RE       fetches a page that must match; PATH may hold {story}
//
// and those of deskClient.judge, for what a story gives away.
func (d *deskClient) command(dir string, args []string) error {
	switch args[0] {
	case "meet":
		texts, tellers, err := readCase(dir + "/case")
		if err != nil {
			return err
		}
		return d.meet(texts, tellers)
	case "reply":
		_, err := d.post("/thread/reply", "thread", d.who[args[1]], "text", args[2])
		return err
	case "call":
		text, err := os.ReadFile(dir + "/" + args[1])
		if err != nil {
			return err
		}
		_, err = d.post("/call", "text", string(text), "lang", args[2])
		return err
	case "evidence":
		return d.enterCase(dir + "/case")
	case "story":
		return d.draft(dir + "/" + args[1])
	case "approve":
		pass, err := os.ReadFile(dir + "/" + args[2])
		if err != nil {
			return err
		}
		_, err = d.post("/story/"+d.made["story"]+"/approve", "approver", args[1], "passphrase", strings.TrimSpace(string(pass)))
		return err
	case "release":
		_, err := d.post("/story/" + d.made["story"] + "/release")
		return err
	case "publish":
		_, page, err := d.send("/publish", "application/x-www-form-urlencoded", strings.NewReader(""))
		if err == nil && !strings.Contains(page, "The site stands at the host") {
			err = errors.New("the page does not say that the site stands at the host")
		}
		return err
	case "shows":
		page, err := d.get(strings.ReplaceAll(args[1], "{story}", d.made["story"]))
		if err == nil && !regexp.MustCompile(args[2]).MatchString(page) {
			err = fmt.Errorf("%s does not hold %s", args[1], args[2])
		}
		return err
	}
	return d.judge(dir, args)
}

// enterCase enters expected/claims.tsv and evidence.tsv, and compares the rung that each
// claim's page then shows.
func (d *deskClient) enterCase(dir string) error {
	table, err := os.ReadFile(dir + "/evidence.tsv")
	if err != nil {
		return err
	}
	expected, err := os.ReadFile(dir + "/expected/claims.tsv")
	if err != nil {
		return err
	}
	var statements [][2]string
	rungs := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(expected)), "\n")[1:] {
		f := strings.Split(line, "\t")
		statements = append(statements, [2]string{f[0], f[1]})
		rungs[f[0]] = f[5]
	}
	if err := d.enter(statements, string(table)); err != nil {
		return err
	}
	for claim, rung := range rungs {
		page, err := d.get("/claim/" + d.made[claim])
		if err != nil {
			return err
		}
		m := regexp.MustCompile(`class="standing"><span class="mark [^"]*">([^<]*)<`).FindStringSubmatch(page)
		if m == nil || html.UnescapeString(m[1]) != rung {
			return fmt.Errorf("claim %s is shown as %q, want %q", claim, m, rung)
		}
	}
	return nil
}

// draft writes a short story in three languages, and gives it the photograph's harmless copy.
func (d *deskClient) draft(photo string) error {
	at, err := d.post("/story/new", "title", "Sessions", "original", "ko")
	if err != nil {
		return err
	}
	story := strings.TrimPrefix(at, "/story/")
	d.made["story"] = story
	forms := append(heads(), [][]string{
		{
			"insert", "paragraph", "0", "sentence", "0", "claims", d.made["C01"], "voice", d.who["A"],
			"text-ko", "{said} 모임이 이틀에 한 번 열린다고 전했다.", "text-en", "{said} that sessions are held every two days.", "text-zh", "{said}，学习会两天举行一次。",
			"place", "2", "role", "0", "day", "1", "medium", "0",
		},
		{
			"insert", "paragraph", "0", "sentence", "1", "claims", d.made["C06"],
			"text-ko", "{source}은 단속이 늘었다고 전했다.", "text-en", "{Source} said that patrols have increased.", "text-zh", "{source}说，巡查有所增加。",
			"place", "2", "role", "0", "day", "1", "medium", "0",
		},
	}...)
	if err := d.fill(forms); err != nil {
		return err
	}
	if err := d.photograph(photo); err != nil {
		return err
	}
	page, err := d.get("/story/" + story)
	if err == nil && !strings.Contains(page, "mark-block") && !strings.Contains(page, `class="mark block`) {
		err = errors.New("a photograph with a position in it does not block the story")
	}
	if err != nil {
		return err
	}
	if _, err = d.post("/story/" + story + "/clean"); err != nil {
		return err
	}
	return d.answer(story)
}

// heads are the forms of what every story needs besides its sentences: names and editions.
func heads() [][]string {
	return [][]string{
		{"names", "country-ko", "중국", "country-en", "China", "country-zh", "中国", "when-ko", "월요일", "when-en", "on Monday", "when-zh", "周一"},
		{"edition", "lang", "ko", "headline", "학습 모임이 잦아졌다", "standfirst", "이틀에 한 번 모인다.", "reason", "이름이 알려지면 위험하다."},
		{"edition", "lang", "en", "headline", "Sessions every two days", "standfirst", "They were weekly.", "reason", "They would be in danger if named."},
		{"edition", "lang", "zh", "headline", "学习会更加频繁", "standfirst", "两天举行一次。", "reason", "讲述者若公开身份会有危险。"},
	}
}

// fill fills in forms of the story in hand: the last part of each path, then its fields.
func (d *deskClient) fill(forms [][]string) error {
	for _, f := range forms {
		if _, err := d.post("/story/"+d.made["story"]+"/"+f[0], f[1:]...); err != nil {
			return fmt.Errorf("%s: %w", f[0], err)
		}
	}
	return nil
}

// photograph gives the story in hand a photograph, with its texts.
func (d *deskClient) photograph(path string) error {
	file, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return d.upload("/story/"+d.made["story"]+"/photo", "photo", "photo.jpg", file, "file", "yes",
		"alt-ko", "건물", "alt-en", "A building", "alt-zh", "一座大楼", "caption-ko", "대표부 건물", "caption-en", "A mission building",
		"caption-zh", "代表机构大楼", "credit-ko", "그림: 까치", "credit-en", "Drawing: Kkachi", "credit-zh", "绘图：喜鹊")
}

var ruleForm = regexp.MustCompile(`name="rule" value="([^"]+)"`)

// answer gives a reason for each house rule that the story's page asks about.
func (d *deskClient) answer(story string) error {
	page, err := d.get("/story/" + story)
	if err != nil {
		return err
	}
	asked := ruleForm.FindAllStringSubmatch(page, -1)
	if len(asked) < 5 {
		return fmt.Errorf("only %d house rules are asked", len(asked))
	}
	for _, m := range asked {
		if _, err := d.post("/story/"+story+"/rule", "rule", html.UnescapeString(m[1]), "text", "Both editors looked at it."); err != nil {
			return fmt.Errorf("%s: %w", m[1], err)
		}
	}
	return nil
}
