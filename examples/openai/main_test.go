package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"github.com/stretchr/testify/require"

	"github.com/aigclabel/aigclabel/label"
	"github.com/aigclabel/aigclabel/metadata"
)

const notice = "本内容由AI生成"

// client returns OpenAI's client of a gateway, behind which a server answers with
// these events, or with the only one as an object.
func client(t *testing.T, events ...string) openai.Client {
	t.Helper()
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if len(events) == 1 {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, events[0])
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range events {
			fmt.Fprintf(w, "data: %s\n\n", event)
			http.NewResponseController(w).Flush()
		}
	}))
	t.Cleanup(model.Close)
	labeler := &label.Labeler{Producer: "001191990099MA01ABCD5610001", Notice: &label.Notice{Position: label.Both}}
	gateway, err := newGateway(model.URL, labeler)
	require.NoError(t, err)
	server := httptest.NewServer(gateway)
	t.Cleanup(server.Close)
	return openai.NewClient(option.WithBaseURL(server.URL+"/v1"), option.WithAPIKey("test"), option.WithMaxRetries(0))
}

// chunk returns an event of a chat.
func chunk(choices string) string {
	return `{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764000000,"model":"gpt-4.1","choices":[` + choices + `]}`
}

// choice returns a choice of an event.
func choice(index int, delta, reason string) string {
	return fmt.Sprintf(`{"index":%d,"delta":%s,"logprobs":null,"finish_reason":%s}`, index, delta, reason)
}

// accumulated is what the client makes of a stream, with the last record in it.
func accumulated(t *testing.T, events ...string) (openai.ChatCompletionAccumulator, string) {
	t.Helper()
	c := client(t, events...)
	stream := c.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model:    openai.ChatModelGPT4_1,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("A poem!")},
	})
	var acc openai.ChatCompletionAccumulator
	record := ""
	for stream.Next() {
		require.True(t, acc.AddChunk(stream.Current()))
		if field, ok := stream.Current().JSON.ExtraFields["AIGC"]; ok {
			record = field.Raw()
		}
	}
	require.NoError(t, stream.Err())
	return acc, record
}

// requireRecord checks that a record is good.
func requireRecord(t *testing.T, raw, id string) {
	t.Helper()
	record, err := metadata.ParseRecord([]byte(raw))
	require.NoError(t, err)
	require.NoError(t, record.Validate())
	require.Equal(t, id, record.ProduceID)
}

func TestChat(t *testing.T) {
	acc, record := accumulated(t,
		chunk(choice(0, `{"role":"assistant","content":""}`, "null")),
		chunk(choice(0, `{"content":"Spring"}`, "null")),
		chunk(choice(1, `{"role":"assistant","content":"Autumn"}`, "null")),
		chunk(choice(0, `{"content":" rain"}`, "null")),
		chunk(choice(0, `{}`, `"stop"`)),
		chunk(choice(1, `{}`, `"stop"`)),
		`{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1764000000,"model":"gpt-4.1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}`,
		"[DONE]")
	require.Len(t, acc.Choices, 2)
	require.Equal(t, notice+"\n\nSpring rain\n\n"+notice, acc.Choices[0].Message.Content)
	require.Equal(t, notice+"\n\nAutumn\n\n"+notice, acc.Choices[1].Message.Content)
	require.Equal(t, "stop", acc.Choices[0].FinishReason)
	require.EqualValues(t, 7, acc.Usage.TotalTokens)
	requireRecord(t, record, "chatcmpl-1")
}

func TestChatTools(t *testing.T) {
	acc, record := accumulated(t,
		chunk(choice(0, `{"role":"assistant","content":null,"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"weather","arguments":""}}]}`, "null")),
		chunk(choice(0, `{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}`, "null")),
		chunk(choice(0, `{"tool_calls":[{"index":0,"function":{"arguments":"\"杭州\"}"}}]}`, "null")),
		chunk(choice(0, `{}`, `"tool_calls"`)),
		"[DONE]")
	message := acc.Choices[0].Message
	require.Empty(t, message.Content)
	require.Equal(t, "weather", message.ToolCalls[0].Function.Name)
	require.JSONEq(t, `{"city":"杭州"}`, message.ToolCalls[0].Function.Arguments)
	requireRecord(t, record, "chatcmpl-1")
}

func TestChatJSON(t *testing.T) {
	acc, record := accumulated(t,
		chunk(choice(0, `{"role":"assistant","content":""}`, "null")),
		chunk(choice(0, `{"content":"{\"city\""}`, "null")),
		chunk(choice(0, `{"content":":\"杭州\"}"}`, "null")),
		chunk(choice(0, `{}`, `"stop"`)),
		"[DONE]")
	require.JSONEq(t, `{"city":"杭州"}`, acc.Choices[0].Message.Content)
	requireRecord(t, record, "chatcmpl-1")
}

// TestChatWithoutEnd: a server that just stops.
func TestChatWithoutEnd(t *testing.T) {
	acc, record := accumulated(t,
		chunk(choice(0, `{"role":"assistant","content":"Spring"}`, "null")),
		chunk(choice(0, `{"content":" rain"}`, "null")))
	require.Equal(t, notice+"\n\nSpring rain\n\n"+notice, acc.Choices[0].Message.Content)
	requireRecord(t, record, "chatcmpl-1")
}

func TestChatWhole(t *testing.T) {
	c := client(t, `{"id":"chatcmpl-1","object":"chat.completion","created":1764000000,"model":"gpt-4.1",
		"choices":[{"index":0,"message":{"role":"assistant","content":"Spring rain","refusal":null},"logprobs":null,"finish_reason":"stop"}]}`)
	answer, err := c.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{
		Model:    openai.ChatModelGPT4_1,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("A poem!")},
	})
	require.NoError(t, err)
	require.Equal(t, notice+"\n\nSpring rain\n\n"+notice, answer.Choices[0].Message.Content)
	requireRecord(t, answer.JSON.ExtraFields["AIGC"].Raw(), "chatcmpl-1")
}

func TestResponses(t *testing.T) {
	const at = `"item_id":"msg_1","output_index":0,"content_index":0`
	const part = `{"type":"output_text","text":"Spring rain","annotations":[],"logprobs":[]}`
	const item = `{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[` + part + `]}`
	c := client(t,
		`{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","status":"in_progress","output":[],"text":{"format":{"type":"text"}}}}`,
		`{"type":"response.output_text.delta","sequence_number":1,`+at+`,"delta":"Spring","logprobs":[]}`,
		`{"type":"response.output_text.delta","sequence_number":2,`+at+`,"delta":" rain","logprobs":[]}`,
		`{"type":"response.output_text.done","sequence_number":3,`+at+`,"text":"Spring rain","logprobs":[]}`,
		`{"type":"response.content_part.done","sequence_number":4,`+at+`,"part":`+part+`}`,
		`{"type":"response.output_item.done","sequence_number":5,"output_index":0,"item":`+item+`}`,
		`{"type":"response.completed","sequence_number":6,"response":{"id":"resp_1","object":"response","status":"completed","output":[`+item+`],"text":{"format":{"type":"text"}}}}`)
	stream := c.Responses.NewStreaming(t.Context(), responses.ResponseNewParams{Model: openai.ChatModelGPT4_1})
	var text, record string
	var numbers []int64
	for stream.Next() {
		event := stream.Current()
		numbers = append(numbers, event.SequenceNumber)
		switch event := event.AsAny().(type) {
		case responses.ResponseTextDeltaEvent:
			text += event.Delta
		case responses.ResponseTextDoneEvent:
			require.Equal(t, text, event.Text)
		case responses.ResponseCompletedEvent:
			require.Equal(t, text, event.Response.OutputText())
			record = extra(t, event.RawJSON())
		}
	}
	require.NoError(t, stream.Err())
	require.Equal(t, notice+"\n\nSpring rain\n\n"+notice, text)
	require.Equal(t, []int64{0, 1, 2, 3, 4, 5, 6, 7}, numbers)
	requireRecord(t, record, "resp_1")
}

// extra returns the record in an event.
func extra(t *testing.T, raw string) string {
	t.Helper()
	var event struct{ AIGC json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(raw), &event))
	return string(event.AIGC)
}

func TestErrorsPass(t *testing.T) {
	c := client(t, chunk(choice(0, `{"content":"Spring"}`, "null")), `{"error":{"message":"overloaded","type":"server_error"}}`)
	stream := c.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{Model: openai.ChatModelGPT4_1})
	for stream.Next() {
		require.True(t, strings.HasPrefix(stream.Current().Choices[0].Delta.Content, notice))
	}
	require.ErrorContains(t, stream.Err(), "overloaded")
}
