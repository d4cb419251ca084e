package label

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// ErrEncoded reports an answer that is compressed, so that no label can be put
// into it. Ask for a plain one: a proxy deletes Accept-Encoding from its requests,
// after which Go's transport compresses and decompresses by itself.
var ErrEncoded = errors.New("label: the answer has a Content-Encoding; ask for one without")

type streamKey struct{}

// WithStream returns a context that says what is to be said of the answer to the
// request that has it: its ID, or that it is JSON. [Labeler.ModifyResponse] and
// [Labeler.Middleware] look for it.
func WithStream(ctx context.Context, s Stream) context.Context {
	return context.WithValue(ctx, streamKey{}, s)
}

// streamOf returns what is to be said of an answer.
func streamOf(ctx context.Context, header http.Header) Stream {
	s, _ := ctx.Value(streamKey{}).(Stream)
	s.ContentType = header.Get("Content-Type")
	return s
}

// answers are the media types of what models answer.
var answers = []string{
	"text/event-stream", "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "text/plain", "text/markdown",
}

// isAnswer reports whether a response is one to label.
func isAnswer(method string, status int, header http.Header) bool {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	charset := params["charset"]
	return method != http.MethodHead && status == http.StatusOK && err == nil && slices.Contains(answers, kind) &&
		(charset == "" || slices.ContainsFunc([]string{"utf-8", "utf8", "us-ascii"}, func(c string) bool { return strings.EqualFold(c, charset) }))
}

// checkEncoding returns [ErrEncoded] for a body that is compressed.
func checkEncoding(header http.Header) error {
	if encoding := header.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return fmt.Errorf("%w (%.40q)", ErrEncoded, encoding)
	}
	return nil
}

// dropSize deletes what a header says of the bytes of the body.
func dropSize(header http.Header) {
	for _, name := range []string{"Content-Length", "Content-Md5", "Content-Digest", "Repr-Digest", "Digest", "Etag", "Accept-Ranges"} {
		header.Del(name)
	}
}

// ModifyResponse labels the answers of a model server: it is for the field of this
// name of an [net/http/httputil.ReverseProxy] that serves nothing else. Answers are
// responses with status 200 in server-sent events, JSON, JSON lines, plain text or
// Markdown, in UTF-8; they become those of [Labeler.EventStream]. Other responses are
// not touched. Headers that speak of the bytes, such as Content-Length, are removed, and
// the proxy flushes each event.
//
// The errors are those of the first write of an EventStream, and [ErrEncoded], which a
// Rewrite function avoids with
//
//	r.Out.Header.Del("Accept-Encoding")
//
// The proxy answers both with 502: nothing goes out unlabelled by mistake.
func (l *Labeler) ModifyResponse(r *http.Response) error {
	method, ctx := "", context.Background()
	if r.Request != nil {
		method, ctx = r.Request.Method, r.Request.Context()
	}
	if !isAnswer(method, r.StatusCode, r.Header) {
		return nil
	}
	if err := checkEncoding(r.Header); err != nil {
		return err
	}
	body := &labelledBody{src: r.Body}
	body.stream = l.EventStream(&body.out, streamOf(ctx, r.Header))
	if body.stream.err != nil {
		return body.stream.err
	}
	dropSize(r.Header)
	r.Body, r.ContentLength = body, -1
	return nil
}

// A labelledBody is the labelled body of a response.
type labelledBody struct {
	src    io.ReadCloser
	stream *EventStream // writes to out
	out    bytes.Buffer
	err    error // of src, for when out is read
}

func (l *labelledBody) Read(p []byte) (int, error) {
	for len(p) > 0 && l.out.Len() == 0 && l.err == nil {
		l.fill(p)
	}
	if l.out.Len() == 0 {
		return 0, l.err
	}
	return l.out.Read(p)
}

// fill labels the next piece of the body, by way of scratch. What is held before an
// error other than the end goes out as it is.
func (l *labelledBody) fill(scratch []byte) {
	n, err := l.src.Read(scratch)
	if _, failed := l.stream.Write(scratch[:n]); failed != nil {
		err = failed
	}
	switch {
	case errors.Is(err, io.EOF):
		err = cmp.Or(l.stream.Close(), err)
	case err != nil:
		l.stream.abort()
	}
	l.err = err
}

func (l *labelledBody) Close() error { return l.src.Close() }

// Middleware labels what next answers, as [Labeler.ModifyResponse] does for a proxy: it
// is for handlers that write the answers of a model. Each event is flushed. What
// compresses goes around it: for next to write an answer with a Content-Encoding is an
// error, [ErrEncoded], and the client gets status 500; so it does for a configuration that is
// wrong. Both errors are those of next's writes.
func (l *Labeler) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		labelled := &labelledWriter{ResponseWriter: w, labeler: l, request: r}
		next.ServeHTTP(labelled, r)
		labelled.close()
	})
}

// A labelledWriter labels the answer that a handler writes.
type labelledWriter struct {
	http.ResponseWriter
	labeler *Labeler
	request *http.Request
	decided bool
	stream  *EventStream // nil for a response that is not labelled
	err     error
}

// Unwrap is for [http.ResponseController].
func (l *labelledWriter) Unwrap() http.ResponseWriter { return l.ResponseWriter }

// WriteHeader decides whether the response is labelled.
func (l *labelledWriter) WriteHeader(status int) {
	if l.decided || status < http.StatusOK { // of which 1xx come before the header
		l.ResponseWriter.WriteHeader(status)
		return
	}
	l.decided = true
	if isAnswer(l.request.Method, status, l.Header()) {
		if l.err = l.open(); l.err != nil {
			l.Header().Del("Content-Encoding")
			http.Error(l.ResponseWriter, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
	}
	l.ResponseWriter.WriteHeader(status)
}

// open starts the labelled stream.
func (l *labelledWriter) open() error {
	if err := checkEncoding(l.Header()); err != nil {
		return err
	}
	stream := l.labeler.EventStream(l.ResponseWriter, streamOf(l.request.Context(), l.Header()))
	if stream.err != nil {
		return stream.err
	}
	dropSize(l.Header())
	l.stream = stream
	return nil
}

// Write writes the body; without a Content-Type, its type is what its start looks like.
func (l *labelledWriter) Write(b []byte) (int, error) {
	if !l.decided {
		if _, set := l.Header()["Content-Type"]; !set {
			l.Header().Set("Content-Type", http.DetectContentType(b))
		}
		l.WriteHeader(http.StatusOK)
	}
	switch {
	case l.err != nil:
		return 0, l.err
	case l.stream != nil:
		return l.stream.Write(b)
	}
	return l.ResponseWriter.Write(b)
}

// Flush sends the header; what is written is flushed by itself.
func (l *labelledWriter) Flush() {
	if !l.decided {
		l.WriteHeader(http.StatusOK)
	}
	if l.err == nil {
		_ = http.NewResponseController(l.ResponseWriter).Flush()
	}
}

// close ends the stream. An error has nobody left to go to but the log.
func (l *labelledWriter) close() {
	if l.stream == nil {
		return
	}
	if err := l.stream.Close(); err != nil && l.labeler.Log != nil {
		l.labeler.Log.WarnContext(l.request.Context(), "stream not labelled", "error", err)
	}
}
