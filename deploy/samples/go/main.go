// The bond ledger: a sample of another team's reader in Go.
//
// It keeps a list of applications with their state in one file, together with the position up to which it has read. Both
// are replaced in one step, so a crash at any moment leaves neither an event out nor one counted twice; a consumer group
// is not needed. It knows of Madoguchi what the catalogue of events says, and nothing else.
//
//	bond-ledger -bootstrap localhost:9092 -ledger ledger.json [-snapshot applications.jsonl] [-once]
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// States by the type of the event that leads to them. Events of other types are passed over, as the catalogue asks.
var states = map[string]string{
	"madoguchi.applications.ApplicationStarted.v1":   "draft",
	"madoguchi.applications.ApplicationSubmitted.v1": "under review",
	"madoguchi.applications.ApplicationRejected.v1":  "rejected",
	"madoguchi.applications.ApplicationApproved.v1":  "approved",
}

// Body holds the fields that are used; others, also those that later versions add, are ignored.
type Body struct {
	ApplicationID string `json:"application_id"`
	Programme     string `json:"programme"`
	Reference     string `json:"reference"`
	Submission    int    `json:"submission"`
}

// Application is one line of the ledger. Sequence is the ce_sequence of the last event that was taken in.
type Application struct {
	State      string `json:"state"`
	Programme  string `json:"programme,omitempty"`
	Reference  string `json:"reference,omitempty"`
	Submission int    `json:"submission,omitempty"`
	Sequence   int    `json:"sequence"`
}

// Ledger is the whole file.
type Ledger struct {
	Positions    map[int32]int64         `json:"positions"`
	Applications map[string]*Application `json:"applications"`
	Repeats      int                     `json:"repeats"`
	Holes        int                     `json:"holes"`
}

// Take notes one event of an application. Events of one application come in order and are numbered without holes, of
// whatever type: a number that is not above the last one is a repeat or a replay, a number too high is a hole.
func (ledger *Ledger) Take(eventType string, subject string, sequence int, data []byte) error {
	application := ledger.Applications[subject]
	if application == nil {
		application = &Application{}
		ledger.Applications[subject] = application
	}
	if sequence <= application.Sequence {
		ledger.Repeats++
		return nil
	}
	if sequence > application.Sequence+1 {
		ledger.Holes++
	}
	application.Sequence = sequence
	state, used := states[eventType]
	if !used {
		return nil
	}
	var body Body
	if err := json.Unmarshal(data, &body); err != nil {
		// The error of the decoder may quote the body, and nothing of a body belongs into a log.
		return fmt.Errorf("%s of %s cannot be read", eventType, subject)
	}
	if body.ApplicationID != subject {
		return fmt.Errorf("%s of %s is about another application", eventType, subject)
	}
	application.State = state
	if body.Programme != "" {
		application.Programme = body.Programme
	}
	if body.Reference != "" {
		application.Reference = body.Reference
	}
	if body.Submission != 0 {
		application.Submission = body.Submission
	}
	return nil
}

func main() {
	bootstrap := flag.String("bootstrap", "localhost:9092", "host:port of a broker")
	topic := flag.String("topic", "applications.applications.v1", "the topic of the applications")
	file := flag.String("ledger", "ledger.json", "the file that is kept")
	snapshot := flag.String("snapshot", "", "begin with this snapshot if there is no ledger yet")
	once := flag.Bool("once", false, "end when everything that is there now has been read")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bootstrap, *topic, *file, *snapshot, *once); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "bond-ledger:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bootstrap, topic, file, snapshot string, once bool) error {
	ledger, err := open(file, snapshot)
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return err
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return err
	}
	if err := ends.Error(); err != nil {
		return err
	}
	begin := map[int32]kgo.Offset{}
	ends.Each(func(end kadm.ListedOffset) {
		begin[end.Partition] = kgo.NewOffset().AtStart()
		if position, known := ledger.Positions[end.Partition]; known {
			begin[end.Partition] = kgo.NewOffset().At(position)
		}
	})
	client.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: begin})

	for !once || !ledger.hasReached(ends) {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return err
		}
		var failed error
		fetches.EachRecord(func(record *kgo.Record) {
			if failed == nil {
				failed = ledger.takeRecord(record)
			}
		})
		if failed != nil {
			return failed // and keep the file as it was: somebody must look at this event first
		}
		if err := ledger.save(file); err != nil {
			return err
		}
	}
	return ledger.save(file)
}

func (ledger *Ledger) hasReached(ends kadm.ListedOffsets) bool {
	reached := true
	ends.Each(func(end kadm.ListedOffset) {
		if ledger.Positions[end.Partition] < end.Offset {
			reached = false
		}
	})
	return reached
}

func (ledger *Ledger) takeRecord(record *kgo.Record) error {
	headers := map[string]string{}
	for _, header := range record.Headers {
		headers[header.Key] = string(header.Value)
	}
	sequence, err := strconv.Atoi(headers["ce_sequence"])
	if err != nil || headers["ce_type"] == "" || headers["ce_subject"] == "" {
		return fmt.Errorf("offset %d of partition %d is no event", record.Offset, record.Partition)
	}
	if err := ledger.Take(headers["ce_type"], headers["ce_subject"], sequence, record.Value); err != nil {
		return err
	}
	ledger.Positions[record.Partition] = record.Offset + 1
	return nil
}

// open reads the ledger; if there is none, it begins with the snapshot, or empty.
func open(file, snapshot string) (*Ledger, error) {
	ledger := &Ledger{Positions: map[int32]int64{}, Applications: map[string]*Application{}}
	text, err := os.ReadFile(file)
	if err == nil {
		return ledger, json.Unmarshal(text, ledger)
	}
	if !errors.Is(err, os.ErrNotExist) || snapshot == "" {
		if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return ledger, err
	}
	lines, err := os.Open(snapshot)
	if err != nil {
		return nil, err
	}
	defer lines.Close()
	return ledger, ledger.load(lines)
}

// load takes a snapshot in: a line with the positions to go on from, then one event a line in CloudEvents' JSON format.
func (ledger *Ledger) load(lines io.Reader) error {
	reader := json.NewDecoder(bufio.NewReader(lines))
	var head struct {
		Snapshot struct {
			Positions map[int32]int64 `json:"positions"`
			Events    int             `json:"events"`
		} `json:"snapshot"`
	}
	if err := reader.Decode(&head); err != nil {
		return fmt.Errorf("the snapshot has no first line: %w", err)
	}
	if head.Snapshot.Positions == nil {
		return errors.New("the snapshot does not say from where to go on")
	}
	for range head.Snapshot.Events {
		var event struct {
			Type     string          `json:"type"`
			Subject  string          `json:"subject"`
			Sequence string          `json:"sequence"`
			Data     json.RawMessage `json:"data"`
		}
		if err := reader.Decode(&event); err != nil {
			return errors.New("the snapshot is cut off")
		}
		sequence, err := strconv.Atoi(event.Sequence)
		if err != nil {
			return fmt.Errorf("an event of %s has no sequence", event.Subject)
		}
		if err := ledger.Take(event.Type, event.Subject, sequence, event.Data); err != nil {
			return err
		}
	}
	ledger.Positions = head.Snapshot.Positions
	return nil
}

// save replaces the file in one step.
func (ledger *Ledger) save(file string) error {
	text, err := json.MarshalIndent(ledger, "", " ")
	if err != nil {
		return err
	}
	beside, err := os.Create(file + ".new")
	if err != nil {
		return err
	}
	defer beside.Close()
	if _, err := beside.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := beside.Sync(); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
