package main

import (
	"bytes"
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
	made map[string]string // claim of the case → id
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
	dial := func(network, addr string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		return net.Dial(network, "127.0.0.1:"+port)
	}
	d := &deskClient{
		base: "http://" + u.Host, http: &http.Client{Jar: jar, Transport: &http.Transport{Dial: dial}},
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
	at, _, err := d.send(path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
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
	reportText = regexp.MustCompile(`(?s)data-report="([0-9a-f]{32})"><div class="words-block"[^>]*>(.*?)</div>`)
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
		for _, r := range reportText.FindAllStringSubmatch(page, -1) {
			shown := words(html.UnescapeString(r[2]))
			for number, text := range texts {
				if words(text) == shown {
					d.said[number], d.who[tellers[number]], d.told[tellers[number]] = r[1], m[1], handle[1]
				}
			}
		}
	}
	return nil
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
