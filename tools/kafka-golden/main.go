// Writes, for each API of Kafka's protocol that Millrace speaks, requests and answers of every version as franz-go's kmsg
// encodes them: go run . ../../packages/kafka-protocol/src/golden
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"github.com/twmb/franz-go/pkg/kmsg"
)

type served struct {
	key, least, most int16
}

var apis = []served{
	{0, 3, 13}, {1, 4, 18}, {2, 1, 10}, {3, 0, 13}, {8, 2, 9}, {9, 1, 9}, {10, 0, 6}, {11, 0, 9}, {12, 0, 4}, {13, 0, 5},
	{14, 0, 5}, {15, 0, 6}, {16, 0, 5}, {18, 0, 4}, {19, 2, 7}, {20, 1, 6}, {22, 0, 5}, {23, 2, 4}, {32, 1, 4}, {42, 0, 2},
	{44, 0, 1}, {60, 0, 2},
}

type message interface {
	AppendTo([]byte) []byte
	SetVersion(int16)
}

type sample struct {
	Version int16           `json:"version"`
	Kind    string          `json:"kind"`
	Values  json.RawMessage `json:"values"`
	Hex     string          `json:"hex"`
}

// filler gives every field another value, so that no two can be confused.
type filler struct {
	next         int64
	key, version int16
}

// kmsg writes a tagged field in every flexible version, Kafka from the one on that has it.
var taggedSince = map[int16]map[string]int16{
	0: {"CurrentLeader": 10, "Brokers": 10},
	1: {"Brokers": 16, "ReplicaState": 15, "ReplicaDirectoryID": 17, "HighWatermark": 18},
}

// Not a tagged field in an answer.
const answersHighWatermark = "FetchResponseTopicPartition"

func (f *filler) fill(v reflect.Value) {
	f.next++
	n := f.next
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int8:
		v.SetInt(n % 100)
	case reflect.Int16:
		v.SetInt(n * 3)
	case reflect.Int32:
		v.SetInt(n * 70001)
	case reflect.Int64:
		v.SetInt(n * 70001 * 70001)
	case reflect.String:
		v.SetString(fmt.Sprintf("texté-%d", n))
	case reflect.Ptr:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Array:
		for i := 0; i < v.Len(); i++ {
			v.Index(i).SetUint(uint64((n + int64(i)) % 256))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte(fmt.Sprintf("bytes-%d", n)))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := 0; i < 2; i++ {
			f.fill(v.Index(i))
		}
	case reflect.Struct:
		if m := v.Addr().MethodByName("Default"); m.IsValid() {
			m.Call(nil)
		}
		for i := 0; i < v.NumField(); i++ {
			name := v.Type().Field(i).Name
			if since, ok := taggedSince[f.key][name]; ok && f.version < since && v.Type().Name() != answersHighWatermark {
				continue
			}
			if name != "UnknownTags" && name != "Version" && name != "ThrottleMillis" {
				f.fill(v.Field(i))
			} else if name == "ThrottleMillis" {
				v.Field(i).SetInt(17)
			}
		}
	}
}

// plain turns a message into what JSON can say, bytes as hexadecimal text.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Ptr:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Array:
		b := make([]byte, v.Len())
		for i := range b {
			b[i] = byte(v.Index(i).Uint())
		}
		return hex.EncodeToString(b)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			if v.IsNil() {
				return nil
			}
			return hex.EncodeToString(v.Bytes())
		}
		if v.IsNil() {
			return nil
		}
		out := []any{}
		for i := 0; i < v.Len(); i++ {
			out = append(out, plain(v.Index(i)))
		}
		return out
	case reflect.Struct:
		out := map[string]any{}
		for i := 0; i < v.NumField(); i++ {
			name := v.Type().Field(i).Name
			if name != "UnknownTags" && name != "Version" {
				out[name] = plain(v.Field(i))
			}
		}
		return out
	default:
		return v.Interface()
	}
}

func sampleOf(kind string, m message, version int16) sample {
	m.SetVersion(version)
	values, err := json.Marshal(plain(reflect.ValueOf(m).Elem()))
	if err != nil {
		panic(err)
	}
	return sample{version, kind, values, hex.EncodeToString(m.AppendTo(nil))}
}

func main() {
	directory := os.Args[1]
	for _, api := range apis {
		samples := []sample{}
		for version := api.least; version <= api.most; version++ {
			for _, filled := range []bool{true, false} {
				request, response := kmsg.RequestForKey(api.key), kmsg.ResponseForKey(api.key)
				for _, m := range []message{request.(message), response.(message)} {
					v := reflect.ValueOf(m)
					v.MethodByName("Default").Call(nil)
					if filled {
						(&filler{key: api.key, version: version}).fill(v.Elem())
					}
				}
				samples = append(samples, sampleOf("request", request.(message), version), sampleOf("response", response.(message), version))
			}
		}
		file, err := os.Create(filepath.Join(directory, fmt.Sprintf("%02d.jsonl", api.key)))
		if err != nil {
			panic(err)
		}
		encoder := json.NewEncoder(file)
		encoder.SetEscapeHTML(false)
		for _, s := range samples {
			if err := encoder.Encode(s); err != nil {
				panic(err)
			}
		}
		file.Close()
	}
}
