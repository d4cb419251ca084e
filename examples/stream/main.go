// Stream labels the answer of a language model while it is streamed, in a gateway
// between the model server and its clients. The model server, the gateway and the client
// are all in this process.
//
//	go run ./examples/stream
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"

	"github.com/aigclabel/aigclabel/label"
)

func main() {
	log.SetFlags(0)
	server := httptest.NewServer(http.HandlerFunc(model))
	defer server.Close()
	gateway, err := newGateway(server.URL)
	if err != nil {
		log.Fatal(err)
	}
	labelled := httptest.NewServer(gateway)
	defer labelled.Close()

	for _, url := range []string{server.URL, labelled.URL} {
		fmt.Printf("=== %s\n", map[bool]string{true: "through the gateway", false: "from the model"}[url == labelled.URL])
		if err := chat(url + "/v1/chat/completions"); err != nil {
			log.Fatal(err)
		}
	}
}

// newGateway returns a reverse proxy that labels what the model at target answers.
func newGateway(target string) (http.Handler, error) {
	upstream, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	// A labeler is configuration: one serves all requests. The notice stands at both
	// ends here; at its start alone is the default (GB 45438-2025 clause 5.1).
	labeler := &label.Labeler{
		Producer: "001191990099MA01ABCD5610001",
		Notice:   &label.Notice{Language: "zh-Hans+en", Position: label.Both},
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(upstream)
			// A compressed answer cannot be labelled. Without this header Go's
			// transport still compresses the way to here, and undoes it.
			r.Out.Header.Del("Accept-Encoding")
		},
		// The proxy flushes each event, so nothing waits. Errors and other responses
		// pass as they are. OpenAI, Anthropic and Ollama are told apart by what
		// they send.
		ModifyResponse: labeler.ModifyResponse,
	}, nil
}

// model answers as a server of language models does, a few characters at a time.
func model(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(data string) {
		fmt.Fprintf(w, "data: %s\n\n", data)
		http.NewResponseController(w).Flush()
		time.Sleep(20 * time.Millisecond)
	}
	const event = `{"id":"chatcmpl-42","object":"chat.completion.chunk","choices":[{"index":0,"delta":%s,"finish_reason":%s}]}`
	send(fmt.Sprintf(event, `{"role":"assistant","content":""}`, "null"))
	for _, piece := range []string{"Spring rain,", " and the river", " is awake."} {
		send(fmt.Sprintf(event, `{"content":"`+piece+`"}`, "null"))
	}
	send(fmt.Sprintf(event, "{}", `"stop"`))
	send("[DONE]")
}

// chat asks for an answer and prints it as it comes.
func chat(url string) error {
	response, err := http.Post(url, "application/json", strings.NewReader(`{"stream":true,"messages":[{"role":"user","content":"A poem!"}]}`))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var text strings.Builder
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		fmt.Println(data)
		// Clients need no change: the notice is text like any other. The record
		// is one more member of the last object, which they may show or store.
		var event struct {
			Choices []struct{ Delta struct{ Content string } }
			AIGC    json.RawMessage
		}
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return err
		}
		text.WriteString(event.Choices[0].Delta.Content)
		if event.AIGC != nil {
			fmt.Printf("--- record: %s\n", event.AIGC)
		}
	}
	fmt.Printf("--- text:\n%s\n\n", text.String())
	return nil
}
