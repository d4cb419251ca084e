// Openai is a gateway that labels the answers of a model server that speaks OpenAI's
// protocols. Clients need to know nothing but its address.
//
//	go run . -upstream https://api.openai.com -listen localhost:8080
//	OPENAI_BASE_URL=http://localhost:8080/v1 your-program
//
// Its test runs OpenAI's own client against it.
package main

import (
	"flag"
	"log"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"

	"github.com/aigclabel/aigclabel/label"
)

func main() {
	log.SetFlags(0)
	upstream := flag.String("upstream", "https://api.openai.com", "URL of the model server")
	listen := flag.String("listen", "localhost:8080", "address to serve at")
	producer := flag.String("producer", "001191990099MA01ABCD5610001", "your name or provider code")
	flag.Parse()

	labeler := &label.Labeler{
		Producer: *producer,
		Notice:   &label.Notice{},
		Log:      slog.New(slog.NewJSONHandler(os.Stderr, nil)), // a line for each answer: keep them
	}
	gateway, err := newGateway(*upstream, labeler)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *listen, Handler: gateway, ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// newGateway returns a reverse proxy that labels what the server at upstream answers.
func newGateway(upstream string, labeler *label.Labeler) (http.Handler, error) {
	target, err := url.Parse(upstream)
	if err != nil {
		return nil, err
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Del("Accept-Encoding") // see the documentation of ModifyResponse
		},
		ModifyResponse: labeler.ModifyResponse,
	}, nil
}
