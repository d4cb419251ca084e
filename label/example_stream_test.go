package label_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"

	"github.com/aigclabel/aigclabel/label"
)

var streamLabeler = label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{}}

func ExampleLabeler_TextWriter() {
	w := streamLabeler.TextWriter(os.Stdout, label.Artifact{})
	for _, piece := range []string{"Spring rain, ", "and the river ", "is awake.\n"} {
		io.WriteString(w, piece)
	}
	w.Close()
	// Output:
	// 本内容由AI生成
	//
	// Spring rain, and the river is awake.
}

func ExampleLabeler_EventStream() {
	w := streamLabeler.EventStream(os.Stdout, label.Stream{})
	for _, event := range []string{
		`{"id":"c-1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}`,
		`{"id":"c-1","choices":[{"index":0,"delta":{"content":"Spring"}}]}`,
		`{"id":"c-1","choices":[{"index":0,"delta":{"content":" rain"}}]}`,
		`{"id":"c-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`,
	} {
		fmt.Fprintf(w, "data: %s\n\n", event)
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
	w.Close()
	// Output:
	// data: {"id":"c-1","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}
	//
	// data: {"id":"c-1","choices":[{"index":0,"delta":{"content":"本内容由AI生成\n\nSpring"}}]}
	//
	// data: {"id":"c-1","choices":[{"index":0,"delta":{"content":" rain"}}]}
	//
	// data: {"id":"c-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"AIGC":{"Label":"1","ContentProducer":"001191990099MA01ABCD5610001","ProduceID":"c-1","ReservedCode1":"","ContentPropagator":"001191990099MA01ABCD5610001","PropagateID":"c-1","ReservedCode2":""}}
	//
	// data: [DONE]
}

// model stands for a model server.
func model(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprint(w, `{"message":{"role":"assistant","content":"Spring rain"},"done":true}`)
}

func ExampleLabeler_ModifyResponse() {
	server := httptest.NewServer(http.HandlerFunc(model))
	defer server.Close()
	target, _ := url.Parse(server.URL)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding") // answers that are compressed cannot be labelled
		},
		ModifyResponse: streamLabeler.ModifyResponse,
	})
	defer proxy.Close()

	response, err := http.Post(proxy.URL+"/api/chat", "application/json", strings.NewReader(`{}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	answer, _, _ := strings.Cut(string(body), `,"AIGC"`)
	fmt.Println(answer)
	// Output: {"message":{"role":"assistant","content":"本内容由AI生成\n\nSpring rain"},"done":true
}

func ExampleLabeler_Middleware() {
	handler := streamLabeler.Middleware(http.HandlerFunc(model))

	request := httptest.NewRequest(http.MethodPost, "/api/chat", nil)
	// What only the request knows comes with its context.
	request = request.WithContext(label.WithStream(request.Context(), label.Stream{Artifact: label.Artifact{ID: "chat-42/1"}}))
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	fmt.Println(strings.Contains(response.Body.String(), `"ProduceID":"chat-42/1"`))
	// Output: true
}
