# Modelle der Erkennung: Steckbriefe, Abweichung, was in Gebrauch ist.
desk-models = Modelle
models-title = Modelle
models-how = Was Fälle ordnet und ungewöhnliche Packungen findet. Eine Person trägt ein Modell ein, eine zweite nimmt es in Gebrauch; beide unterschreiben im Register.
models-all = Alle Modelle
models-none = Es ist kein Modell eingetragen. Die Befehlszeile macht eines und trägt es ein: veridose model retrain --register.
models-model = Modell
models-kind = Art
models-owner = Von wem
models-registered = Eingetragen
models-state = Stand
models-state-registered = eingetragen, nicht in Gebrauch
models-state-in-use = in Gebrauch
models-state-retired = war in Gebrauch
models-history = Was entschieden wurde
models-history-none = Noch nichts.
models-entry = Eintrag { $index }
models-back = Zurück zu den Modellen
models-back-one = Zurück zum Modell
models-one = Modell: { $kind }
models-facts = Woraus es entstand
models-promoted = In Gebrauch genommen
models-parent = Soll ersetzen
models-replaced = Ersetzte
models-code = Stand des Programms (Commit)
models-seed = Startwert des Zufalls
models-size = Größe
models-bytes = { $count } Bytes
models-name = Name (SHA-256 der Datei)
models-snapshot = Wurzel der Daten, aus denen es gelernt hat
models-lock = SHA-256 der Lock-Datei
models-registered-by = Eingetragen mit dem Zertifikat
models-promoted-by = In Gebrauch genommen mit dem Zertifikat
models-intact = Datei, Steckbrief und Register stimmen überein.
models-different = Datei, Steckbrief und Register stimmen nicht überein:
models-no-file = Dieser Knoten hat keine Datei des Modells.
models-file = Datei speichern
models-drift = Abweichung
models-drift-how = Wie weit der Handel der letzten Tage von dem entfernt ist, woraus das Modell gelernt hat. Das Nachsehen dauert eine Weile.
models-days = Tage zurück
models-measure = Messen
models-drift-nothing = In diesen Tagen ist nichts geschehen.
models-window = { $from } bis { $to }: { $packs ->
    [one] eine Packung
   *[other] { $packs } Packungen
}.
models-change = Änderung
models-change-none = keine nennenswerte Änderung
models-change-some = etwas verändert: im Auge behalten
models-change-much = stark verändert: das Modell ansehen
models-few = Bei so wenigen Packungen verschiebt schon der Zufall den Index. Sehen Sie sich eine längere Zeit an.
models-psi = Stabilität der Verteilung
models-psi-how = Für jedes Merkmal, wie seine Werte dieser Tage verteilt sind, verglichen mit denen beim Lernen. Unter 0,1 ist keine nennenswerte Änderung, ab 0,25 sollte man sich das Modell ansehen: die gestrichelten Linien.
models-feature = Merkmal
models-index = Index
models-rate = Häufigkeit von Fällen
models-rate-how = { $cases ->
    [one] Ein Fall
   *[other] { $cases } Fälle
} bei { $scans ->
    [one] einem Scan
   *[other] { $scans } Scans
} in diesen Tagen.
models-rate-now = Auf eine Million Scans, in diesen Tagen
models-rate-then = Auf eine Million Scans, beim Lernen
models-rate-unknown = Für einen Vergleich sind es zu wenige Scans, oder der Steckbrief nennt keine Häufigkeit.
models-metrics = Wie gut es war
models-no-metrics = Der Steckbrief sagt davon nichts: Es gab keine Ergebnisse zum Vergleichen.
models-features = Worauf es achtet
models-features-how = Jedes Merkmal und wie seine Werte verteilt waren, als das Modell lernte.
models-parameters = Was eingestellt war
models-act = In Gebrauch nehmen
models-only = Es ist in Gebrauch, und vor ihm war kein anderes.
models-not-own = Nur Personen der Organisation, die es eingetragen hat, nehmen es in Gebrauch.
models-done = Erledigt.
models-no-script = Dazu braucht die Seite ihr Skript. Auch die Befehlszeile kann es: veridose model promote.
models-promote-node = Es wurde mit einem anderen Zertifikat als dem dieses Knotens eingetragen. Wenn Sie es in Gebrauch nehmen, unterschreibt dieser Knoten für Sie.
models-promote-second = Es wurde mit dem Zertifikat dieses Knotens eingetragen. Deshalb unterschreibt eine zweite Person, mit einem eigenen Schlüssel, der bei ihr bleibt.
models-certificate = Zertifikat der zweiten Person
models-certificate-how = Das Zertifikat (PEM) oder sein Fingerabdruck. Es muss im Register eingetragen sein.
models-prepare = Vorbereiten
models-sign = Speichern Sie diese Datei, und lassen Sie die zweite Person sie mit ihrem Schlüssel unterschreiben:
models-signed = Was der Befehl ausgegeben hat
models-promote = In Gebrauch nehmen
models-rollback-how = Das Modell, das vorher in Gebrauch war, tritt wieder an seine Stelle. Eine Unterschrift genügt: die dieses Knotens.
models-rollback = Zum vorigen Modell zurück
models-note = Warum (darf leer bleiben)
