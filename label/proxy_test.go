package label

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const modelAnswer = `{"id":"a","choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}`

// proxied returns a reverse proxy that labels what the model answers.
func proxied(t *testing.T, l *Labeler, model http.HandlerFunc) *httptest.Server {
	t.Helper()
	upstream := httptest.NewServer(model)
	t.Cleanup(upstream.Close)
	target, err := url.Parse(upstream.URL)
	require.NoError(t, err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding")
		},
		ModifyResponse: l.ModifyResponse,
		ErrorLog:       slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	})
	t.Cleanup(proxy.Close)
	return proxy
}

// asked returns what a server answers.
func asked(t *testing.T, method, url string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(body)
}

// answering returns a handler that answers body.
func answering(kind string, status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Header().Set("Etag", `"1"`)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// TestResponsesLabelled tells the responses that are labelled from the others, in the proxy
// and in the middleware.
func TestResponsesLabelled(t *testing.T) {
	for name, test := range map[string]struct {
		method, kind string
		status       int
		body         string
		labelled     bool
	}{
		"JSON":            {"POST", "application/json", 200, modelAnswer, true},
		"parameters":      {"POST", "application/json; charset=UTF-8", 200, modelAnswer, true},
		"lines":           {"POST", "application/x-ndjson", 200, `{"response":"Hi","done":true}` + "\n", true},
		"events":          {"POST", "text/event-stream", 200, "data: " + modelAnswer + "\n\n", true},
		"text":            {"GET", "text/plain; charset=utf-8", 200, "Hi", true},
		"Markdown":        {"GET", "text/markdown", 200, "Hi", true},
		"another charset": {"GET", "text/plain; charset=gbk", 200, "Hi", false},
		"HTML":            {"GET", "text/html", 200, "Hi", false},
		"error":           {"POST", "application/json", 429, modelAnswer, false},
		"part":            {"GET", "text/plain", 206, "Hi", false},
	} {
		t.Run(name, func(t *testing.T) {
			handler := answering(test.kind, test.status, test.body)
			middleware := httptest.NewServer(streamLabeler.Middleware(handler))
			defer middleware.Close()
			for _, server := range []*httptest.Server{proxied(t, streamLabeler, handler), middleware} {
				response, body := asked(t, test.method, server.URL)
				require.Equal(t, test.status, response.StatusCode)
				require.Equal(t, test.kind, response.Header.Get("Content-Type"))
				if !test.labelled {
					require.Equal(t, test.body, body)
					require.Equal(t, `"1"`, response.Header.Get("Etag"))
					continue
				}
				require.Contains(t, body, someNotice)
				require.Empty(t, response.Header.Get("Etag"))
				require.True(t, response.ContentLength < 0 || response.ContentLength == int64(len(body)))
				response, body = asked(t, http.MethodHead, server.URL)
				require.Equal(t, int64(len(test.body)), response.ContentLength)
				require.Empty(t, body)
			}
		})
	}
}

// TestProxySendsAtOnce: each event is with the client before the next one is made.
func TestProxySendsAtOnce(t *testing.T) {
	next := make(chan struct{})
	model := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, text := range []string{"春", "b", "c"} {
			_, _ = fmt.Fprintf(w, "data: {\"choices\":[{\"delta\":{\"content\":%q}}]}\n\n", text)
			_ = http.NewResponseController(w).Flush()
			<-next
		}
	})
	middleware := httptest.NewServer(streamLabeler.Middleware(model))
	defer middleware.Close()
	for _, server := range []*httptest.Server{proxied(t, streamLabeler, model), middleware} {
		response, err := http.Get(server.URL)
		require.NoError(t, err)
		events := bufio.NewReader(response.Body)
		for _, want := range []string{`\n\n春"`, `"b"`, `"c"`} {
			line, err := events.ReadString('\n')
			require.NoError(t, err)
			require.Contains(t, line, want)
			_, err = events.ReadString('\n')
			require.NoError(t, err)
			next <- struct{}{}
		}
		rest, err := io.ReadAll(events)
		require.NoError(t, err)
		require.Contains(t, string(rest), `"AIGC":{`)
		require.NoError(t, response.Body.Close())
	}
}

// TestCompressedAnswers: Go's transport decompresses what the proxy asks for; an
// answer that is compressed all the same does not go out unlabelled.
func TestCompressedAnswers(t *testing.T) {
	model := func(always bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var body bytes.Buffer
			z := gzip.NewWriter(&body)
			_, _ = io.WriteString(z, modelAnswer)
			_ = z.Close()
			if always || r.Header.Get("Accept-Encoding") == "gzip" {
				w.Header().Set("Content-Encoding", map[bool]string{true: "br", false: "gzip"}[always])
			}
			answering("application/json", 200, body.String())(w, r)
		}
	}
	response, body := asked(t, "POST", proxied(t, streamLabeler, model(false)).URL)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Contains(t, body, someNotice)
	response, _ = asked(t, "POST", proxied(t, streamLabeler, model(true)).URL)
	require.Equal(t, http.StatusBadGateway, response.StatusCode)

	err := streamLabeler.ModifyResponse(&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/plain"}, "Content-Encoding": {"br"}}})
	require.ErrorIs(t, err, ErrEncoded)
	require.ErrorContains(t, err, `"br"`)

	var failed error
	recorder := httptest.NewRecorder()
	streamLabeler.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Encoding", "gzip")
		_, failed = io.WriteString(w, "secret")
		w.(http.Flusher).Flush()
	})).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	require.ErrorIs(t, failed, ErrEncoded)
	require.Equal(t, http.StatusInternalServerError, recorder.Code)
	require.NotContains(t, recorder.Body.String(), "secret")
}

// TestProxyWithoutProducer: a labeler that is set up wrong lets nothing through.
func TestProxyWithoutProducer(t *testing.T) {
	l := &Labeler{}
	response, _ := asked(t, "POST", proxied(t, l, answering("application/json", 200, modelAnswer)).URL)
	require.Equal(t, http.StatusBadGateway, response.StatusCode)
	recorder := httptest.NewRecorder()
	l.Middleware(answering("application/json", 200, modelAnswer)).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusInternalServerError, recorder.Code)
}

// TestProxyBrokenAnswer: what came before the connection broke goes out as it is,
// and the client sees the break.
func TestProxyBrokenAnswer(t *testing.T) {
	const cut = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\ndata: {\"choi"
	body := &labelledBody{src: io.NopCloser(io.MultiReader(strings.NewReader(cut), brokenStream{}))}
	body.stream = streamLabeler.EventStream(&body.out, Stream{ContentType: "text/event-stream"})
	got, err := io.ReadAll(body)
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, strings.Replace(cut, "Hi", someNotice+`\n\nHi`, 1), string(got))
	require.NoError(t, body.Close())

	for _, held := range []string{"本内容", "eve"} {
		body := &labelledBody{src: io.NopCloser(io.MultiReader(strings.NewReader(held), brokenStream{}))}
		body.stream = streamLabeler.EventStream(&body.out, Stream{})
		got, err := io.ReadAll(body)
		require.ErrorIs(t, err, errBroken)
		require.Equal(t, held, string(got))
	}
}

type brokenStream struct{}

func (brokenStream) Read([]byte) (int, error) { return 0, errBroken }

// TestWithStream: the request says what its answer is.
func TestWithStream(t *testing.T) {
	set := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := Stream{Artifact: Artifact{ID: "own-1"}, JSON: true}
			next.ServeHTTP(w, r.WithContext(WithStream(r.Context(), s)))
		})
	}
	recorder := httptest.NewRecorder()
	set(streamLabeler.Middleware(answering("application/json", 200, modelAnswer))).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	require.NotContains(t, recorder.Body.String(), someNotice)
	require.Contains(t, recorder.Body.String(), `"ProduceID":"own-1"`)

	ctx := WithStream(context.Background(), Stream{Artifact: Artifact{ID: "own-2"}})
	response := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(modelAnswer))}
	response.Request = httptest.NewRequest("POST", "/", nil).WithContext(ctx)
	require.NoError(t, streamLabeler.ModifyResponse(response))
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Contains(t, string(b), `"ProduceID":"own-2"`)
}

// TestMiddlewareSniffs: a handler that names no type gets the one that its text has.
func TestMiddlewareSniffs(t *testing.T) {
	for body, labelled := range map[string]bool{"Hi": true, modelAnswer: true, "\x89PNG\r\n\x1a\n": false} {
		recorder := httptest.NewRecorder()
		streamLabeler.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, body)
		})).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, labelled, strings.Contains(recorder.Body.String(), someNotice), body)
	}
	recorder := httptest.NewRecorder()
	streamLabeler.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(recorder, httptest.NewRequest("GET", "/", nil))
	require.Zero(t, recorder.Body.Len())
}

// TestMiddlewareClientGone: the log has what nobody else can be told.
func TestMiddlewareClientGone(t *testing.T) {
	var lines bytes.Buffer
	l := *streamLabeler
	l.Log = slog.New(slog.NewJSONHandler(&lines, nil))
	l.Middleware(answering("text/plain", 200, "AI")).ServeHTTP(goneWriter{http.Header{}}, httptest.NewRequest("GET", "/", nil))
	require.Contains(t, lines.String(), "broken")
}

type goneWriter struct{ header http.Header }

func (g goneWriter) Header() http.Header     { return g.header }
func (goneWriter) WriteHeader(int)           {}
func (goneWriter) Write([]byte) (int, error) { return 0, errBroken }
