{{/* Everything below takes a dict: root, service, part (api, worker, migrate). */}}

{{- define "madoguchi.name" -}}
{{ printf "%s-%s-%s" .root.Release.Name .service .part | trunc 52 }}
{{- end }}

{{- define "madoguchi.selector" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "madoguchi.labels" -}}
{{ include "madoguchi.selector" . }}
app.kubernetes.io/part-of: madoguchi
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Values.image.tag | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "madoguchi.image" -}}
{{- $digest := index .root.Values.image.digests .service -}}
{{- if $digest -}}
{{ printf "%s/%s@%s" .root.Values.image.registry .service $digest }}
{{- else -}}
{{ printf "%s/%s:%s" .root.Values.image.registry .service .root.Values.image.tag }}
{{- end -}}
{{- end }}

{{/* What the restricted Pod Security Standard asks for, of the pod. */}}
{{- define "madoguchi.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* ... and of the container; nothing is written anywhere, so there is no volume to write to. */}}
{{- define "madoguchi.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Plain settings as values, sorted, those of the service over the common ones; secret ones by reference. Values are
written as JSON, but for words: a large number would else be written with an exponent. */}}
{{- define "madoguchi.env" -}}
{{- $values := index .root.Values.services .service -}}
{{- $settings := mergeOverwrite (deepCopy .root.Values.settings) $values.settings -}}
{{- range $name, $value := $settings }}
- name: MADOGUCHI_{{ upper $name }}
  value: {{ if kindIs "string" $value }}{{ quote $value }}{{ else }}{{ toJson $value | quote }}{{ end }}
{{- end }}
{{- if .root.Values.kafkaCa.configMap }}
- name: MADOGUCHI_KAFKA_CA_FILE
  value: /etc/madoguchi/kafka/ca.pem
{{- end }}
{{- $secretKeys := $values.secretKeys -}}
{{- if $settings.kafka_sasl_username }}{{ $secretKeys = append $secretKeys "kafka_sasl_password" }}{{ end -}}
{{- range $key := $secretKeys }}
- name: MADOGUCHI_{{ upper $key }}
  valueFrom: { secretKeyRef: { name: {{ $values.secret }}, key: {{ $key }} } }
{{- end }}
{{- if eq .part "api" }}
- name: FORWARDED_ALLOW_IPS
  value: {{ join "," .root.Values.network.trustedProxies | quote }}
{{- end }}
{{- end }}

{{/* Where a process may go: the name service, and what it talks to, as far as this installation has it. */}}
{{- define "madoguchi.egress" -}}
{{- $root := .root -}}
{{- range $name := prepend .talksTo "dns" }}
{{- with index $root.Values.network.destinations $name }}
# {{ $name }}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range $port := .ports }}
    - { port: {{ $port }}, protocol: TCP }
    {{- if eq $name "dns" }}
    - { port: {{ $port }}, protocol: UDP }
    {{- end }}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The certificates of the authorities that this installation trusts, of those that are asked for. */}}
{{- define "madoguchi.mounts" -}}
{{- range $name := .authorities }}
{{- if (index $.values (printf "%sCa" $name)).configMap }}
- { name: {{ $name }}-ca, mountPath: /etc/madoguchi/{{ $name }}, readOnly: true }
{{- end }}
{{- end }}
{{- end }}

{{- define "madoguchi.volumes" -}}
{{- range $name := .authorities }}
{{- with (index $.values (printf "%sCa" $name)).configMap }}
- { name: {{ $name }}-ca, configMap: { name: {{ . }} } }
{{- end }}
{{- end }}
{{- end }}
