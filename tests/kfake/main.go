// kfake-cluster plays three Kafka brokers over TLS that are not Apache Kafka's, for the tests of meerkat.
//
// It prints one JSON object (addresses and the authority's certificate), then obeys lines on standard input, one answer each, and ends with it.
package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

func main() {
	options := []kfake.Opt{kfake.NumBrokers(3), kfake.ClusterID("kfake"), kfake.SeedTopics(3, "orders")}
	for _, argument := range os.Args[1:] {
		options = append(options, kfake.MaxVersions(must(release(argument))))
	}
	certificate, authority := certificates()
	options = append(options, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
	cluster := must(kfake.NewCluster(options...))
	defer cluster.Close()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	common := []kgo.Opt{kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.DialTLSConfig(&tls.Config{RootCAs: pool})}
	seed(common)
	must(0, json.NewEncoder(os.Stdout).Encode(map[string]any{"addresses": cluster.ListenAddrs(), "ca": string(authority)}))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(obey(cluster, strings.Fields(lines.Text())))
	}
}

// release is the versions of an Apache release such as 3.9.
func release(name string) (*kversion.Versions, error) {
	if versions := kversion.FromString("v" + name); versions != nil {
		return versions, nil
	}
	return nil, fmt.Errorf("no versions of %s are known", name)
}

// seed writes 600 records to each partition of orders, the n-th stamped n seconds after an hour ago; a group without members has read
// 500 of each, one with a member 100.
func seed(common []kgo.Opt) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client := must(kgo.NewClient(append(common, kgo.RecordPartitioner(kgo.ManualPartitioner()))...))
	defer client.Close()
	began := time.Now().Add(-time.Hour)
	for partition := range int32(3) {
		for number := range 600 {
			stamp := began.Add(time.Duration(number) * time.Second)
			record := &kgo.Record{Topic: "orders", Partition: partition, Timestamp: stamp, Value: []byte("v")}
			// One by one: the records of a batch are found by its first one.
			must(0, client.ProduceSync(ctx, record).FirstErr())
		}
	}
	offsets := kadm.Offsets{}
	for partition := range int32(3) {
		offsets.AddOffset("orders", partition, 500, -1)
	}
	must(0, kadm.NewClient(client).CommitAllOffsets(ctx, "idle", offsets))
	member := must(kgo.NewClient(append(common, kgo.ConsumerGroup("live"), kgo.ConsumeTopics("orders"), kgo.DisableAutoCommit(), kgo.ClientID("reader"))...))
	member.PollRecords(ctx, 1)
	behind := map[string]map[int32]kgo.EpochOffset{"orders": {}}
	for partition := range int32(3) {
		behind["orders"][partition] = kgo.EpochOffset{Epoch: -1, Offset: 100}
	}
	var failed error
	member.CommitOffsetsSync(ctx, behind, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, _ *kmsg.OffsetCommitResponse, err error) {
		failed = err
	})
	must(0, failed)
}

// loading refuses one OffsetFetch.
func loading(request kmsg.Request) (kmsg.Response, error, bool) {
	asked := request.(*kmsg.OffsetFetchRequest)
	answer := asked.ResponseKind().(*kmsg.OffsetFetchResponse)
	answer.ErrorCode = kerr.CoordinatorLoadInProgress.Code
	for _, group := range asked.Groups {
		refused := kmsg.NewOffsetFetchResponseGroup()
		refused.Group, refused.ErrorCode = group.Group, kerr.CoordinatorLoadInProgress.Code
		answer.Groups = append(answer.Groups, refused)
	}
	return answer, nil, true
}

// obey carries out one command.
func obey(cluster *kfake.Cluster, words []string) string {
	switch {
	case len(words) == 2 && words[0] == "load": // so many times OffsetFetch answers that the coordinator is loading
		for range must(strconv.Atoi(words[1])) {
			cluster.ControlKey(int16(kmsg.OffsetFetch), loading)
		}
	case len(words) == 4 && words[0] == "lead": // a partition of a topic by a node
		partition, node := must(strconv.Atoi(words[2])), must(strconv.Atoi(words[3]))
		must(0, cluster.MoveTopicPartition(words[1], int32(partition), int32(node)))
	default:
		return "not understood"
	}
	return "ok"
}

// certificates makes an authority and the brokers' certificate, both good for 90 days.
func certificates() (tls.Certificate, []byte) {
	until := time.Now().Add(90 * 24 * time.Hour)
	authorityKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kfake CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	authorityBytes := must(x509.CreateCertificate(rand.Reader, authority, authority, &authorityKey.PublicKey, authorityKey))
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	own := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "kfake"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	bytes := must(x509.CreateCertificate(rand.Reader, own, authority, &key.PublicKey, authorityKey))
	return tls.Certificate{Certificate: [][]byte{bytes}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authorityBytes})
}

// must ends the process with what went wrong.
func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}
