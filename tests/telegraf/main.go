// Telegraf's own reader of Burrow's HTTP API, once around, with its metrics as JSON on standard output.
package main

import (
	"encoding/json"
	"log"
	"os"
	"sync"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/plugins/inputs/burrow"
)

type point struct {
	Name   string                 `json:"name"`
	Tags   map[string]string      `json:"tags"`
	Fields map[string]interface{} `json:"fields"`
}

// The plugin calls these two methods of an accumulator, from many goroutines.
type sink struct {
	telegraf.Accumulator
	sync.Mutex
	points []point
	failed bool
}

func (s *sink) AddFields(name string, fields map[string]interface{}, tags map[string]string, _ ...time.Time) {
	s.Lock()
	defer s.Unlock()
	s.points = append(s.points, point{name, tags, fields})
}

func (s *sink) AddError(err error) {
	if err != nil {
		s.Lock()
		defer s.Unlock()
		log.Print(err)
		s.failed = true
	}
}

func main() {
	b := &burrow.Burrow{Servers: os.Args[1:], Username: os.Getenv("BURROW_USERNAME"), Password: os.Getenv("BURROW_PASSWORD")}
	s := &sink{}
	if err := b.Gather(s); err != nil {
		log.Fatal(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.points); err != nil {
		log.Fatal(err)
	}
	if s.failed {
		os.Exit(1)
	}
}
