{{/* Called with (list $ "peer"): the name of a part's objects. */}}
{{- define "part.name" -}}
{{- printf "%s-veridose-fabric-%s" (index . 0).Release.Name (index . 1) | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "part.selector" -}}
app.kubernetes.io/name: veridose-fabric
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "part.labels" -}}
{{ include "part.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{/* No process needs rights, and none writes anywhere but on its own volumes. */}}
{{- define "pod.security" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "container.security" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* Called with (list $ secret): an identity in the folders that Fabric reads. */}}
{{- define "volume.msp" -}}
- name: msp
  projected:
    defaultMode: 0440
    sources:
      - configMap:
          name: {{ include "part.name" (list (index . 0) "files") }}
          items: [{ key: msp.yaml, path: config.yaml }]
      - secret:
          name: {{ index . 1 }}
          items:
            - { key: ca.pem, path: cacerts/ca.pem }
            - { key: tlsca.pem, path: tlscacerts/ca.pem }
            - { key: cert.pem, path: signcerts/cert.pem }
            - { key: key.pem, path: keystore/key.pem }
{{- end }}

{{/* Called with the name of a secret of the type kubernetes.io/tls. */}}
{{- define "volume.tls" -}}
- name: tls
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - { key: ca.crt, path: ca.crt }
      - { key: tls.crt, path: server.crt }
      - { key: tls.key, path: server.key }
{{- end }}

{{/* Called with storage: what a node must not lose. */}}
{{- define "claim.data" -}}
- metadata: { name: data }
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .class }}
    storageClassName: {{ . | quote }}
    {{- end }}
    resources: { requests: { storage: {{ .size }} } }
{{- end }}
