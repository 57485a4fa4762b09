# Models of detection: cards, drift, what is in use.
desk-models = Models
models-title = Models
models-how = What ranks cases and finds unusual packs. One person registers a model, a second one puts it to use; both sign on the ledger.
models-all = All models
models-none = No model is registered. The command line makes and registers one: veridose model retrain --register.
models-model = Model
models-kind = Kind
models-owner = Whose
models-registered = Registered
models-state = State
models-state-registered = registered, not in use
models-state-in-use = in use
models-state-retired = was in use
models-history = What was decided
models-history-none = Nothing yet.
models-entry = entry { $index }
models-back = Back to the models
models-back-one = Back to the model
models-one = Model: { $kind }
models-facts = From what it was made
models-promoted = Put to use
models-parent = Made to replace
models-replaced = Replaced
models-code = Commit of the code
models-seed = Seed
models-size = Size
models-bytes = { $count } bytes
models-name = Name (SHA-256 of the file)
models-snapshot = Root of the data that it learnt from
models-lock = SHA-256 of the lock file
models-registered-by = Registered with the certificate
models-promoted-by = Put to use with the certificate
models-intact = File, card and ledger agree.
models-different = File, card and ledger do not agree:
models-no-file = This node has no file of the model.
models-file = Save the file
models-drift = Drift
models-drift-how = How far the trade of the last days is from what the model learnt from. Looking takes a while.
models-days = Days back
models-measure = Measure
models-drift-nothing = Nothing happened in these days.
models-window = { $from } to { $to }: { $packs ->
    [one] one pack
   *[other] { $packs } packs
}.
models-change = Change
models-change-none = no change to speak of
models-change-some = some change: keep an eye on it
models-change-much = much change: look at the model
models-few = With so few packs chance alone moves the index. Look at a longer time.
models-psi = Population stability
models-psi-how = For each feature, how its values of these days are spread against those of the training. Below 0.1 there is no change to speak of, from 0.25 on the model should be looked at: the dashed lines.
models-feature = Feature
models-index = Index
models-rate = Rate of cases
models-rate-how = { $cases ->
    [one] One case
   *[other] { $cases } cases
} for { $scans ->
    [one] one scan
   *[other] { $scans } scans
} in these days.
models-rate-now = For a million scans, these days
models-rate-then = For a million scans, in training
models-rate-unknown = There are too few scans, or the card has no rate, to compare with.
models-metrics = How good it was
models-no-metrics = The card says nothing of it: there were no outcomes to compare with.
models-features = What it looks at
models-features-how = Each feature, and how its values were spread when the model learnt.
models-parameters = What was set
models-act = Put to use
models-only = It is in use, and no other model was before it.
models-not-own = Only people of the organisation that registered it put it to use.
models-done = Done.
models-no-script = This needs the page's script. The command line does it as well: veridose model promote.
models-promote-node = It was registered with another certificate than this node's. When you put it to use, this node signs for you.
models-promote-second = It was registered with this node's certificate, so a second person signs, with a key of their own that stays with them.
models-certificate = Second person's certificate
models-certificate-how = The certificate (PEM), or its fingerprint. It has to be registered on the ledger.
models-prepare = Prepare
models-sign = Save this file, and have the second person sign it with their key:
models-signed = What the command printed
models-promote = Put to use
models-rollback-how = The model that was in use before takes its place again. One signature is enough: this node's.
models-rollback = Go back to the model before
models-note = Why (may stay empty)
