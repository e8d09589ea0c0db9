// board holds a dashboard of Grafana against the types of Grafana's Foundation SDK: unknown, missing and mistyped fields.
package main

import (
	"log"
	"os"

	"github.com/grafana/grafana-foundation-sdk/go/cog/plugins"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

func main() {
	plugins.RegisterDefaultPlugins()
	for _, name := range os.Args[1:] {
		raw, err := os.ReadFile(name)
		if err != nil {
			log.Fatal(err)
		}
		board := dashboard.Dashboard{}
		if err := board.UnmarshalJSONStrict(raw); err != nil && err.Error() != "" {
			log.Fatalf("%s: %v", name, err)
		}
		// An empty list of errors is no error.
		if err := board.Validate(); err != nil && err.Error() != "" {
			log.Fatalf("%s: %v", name, err)
		}
	}
}
