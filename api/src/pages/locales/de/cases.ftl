# Die Fälle der Behörde.
desk-cases = Fälle
cases-ranked = Rangliste
cases-filter = Fälle filtern
cases-found = { $count ->
    [one] 1 Fall
   *[other] { $count } Fälle
}
cases-none = Kein Fall passt dazu.
cases-cut = Nur die neuesten { $count } Fälle wurden betrachtet. Wählen Sie Tage oder einen anderen Stand, um ältere zu sehen.
cases-csv = Als CSV herunterladen
pages = Seiten
page-before = ← Zurück
page-next = Weiter →
page-of = Seite { $page } von { $pages }
filter-text = Wörter, Packungen, Codes
filter-state = Stand
filter-now = Filtern
filter-more = Weitere Filter
filter-none = Alle Filter wegnehmen
filter-any = beliebig
filter-code = Was gefunden wurde
filter-severity = Wie schwer
filter-party = Betroffenes Mitglied
filter-product = GTIN oder ein Teil davon
filter-lot = Charge
filter-from = Gemeldet ab
filter-to = Gemeldet bis
filter-mine = Nur die meiner Behörde
views-title = Meine Listen
views-none = Geben Sie den jetzigen Filtern einen Namen, um sie hier wiederzufinden.
views-name = Name für die gezeigte Liste
views-save = Diese Liste behalten
views-remove = Die Liste { $name } vergessen
views-saved = Die Liste ist gespeichert.
views-removed = Die Liste ist vergessen.

case-state-open = alle offenen
case-state-all = alle
case-state-new = neu
case-state-investigating = in Untersuchung
case-state-escalated = weitergegeben
case-state-closed = abgeschlossen
case-outcome-technical = technischer Fehler
case-outcome-process = falsche Handhabung
case-outcome-falsified = gefälscht
case-outcome-diverted = abgezweigt
case-outcome-stolen = gestohlen
case-severity-alert = Alarm
case-severity-warning = Warnung
case-severity-notice = Hinweis
case-sure = sicher
case-reported = gemeldet
case-sealed = Ein Fall, dessen Dokument nicht hier liegt
case-sealed-how = Dieser Knoten kann nicht öffnen, worum es geht: Fragen Sie das Mitglied, das den Fall gemeldet hat.
case-packs = { $count ->
    [0] keine Packungen genannt
    [one] 1 Packung oder Gebinde
   *[other] { $count } Packungen und Gebinde
}
case-packs-more = und { $count } weitere
case-raised-by = gemeldet von { $party }
case-with = bei { $party }
clock-left = Handelspartner und Behörde müssen binnen 24 Stunden davon wissen: noch { $span }, bis { $at } (DSCSA).
clock-over = Handelspartner und Behörde mussten bis { $at } davon wissen: vor { $span } (DSCSA, 24 Stunden).

case-why = Warum
case-why-leap = { $from }, { $at }; dann { $to }, nur { $span } später. Zu { $sure } % sicher.
case-why-leap-far = { $from }, { $at }; dann { $to }, { $km } km entfernt, nur { $span } später. Zu { $sure } % sicher.
case-why-events = { $count ->
    [one] Ein Ereignis belegt es
   *[other] { $count } Ereignisse belegen es
}, das erste: { $place }, { $at }. Zu { $sure } % sicher.
case-score = Zu { $score } % sicher, dass mindestens eines davon stimmt
case-parts-how = Was jeder Teil dazu beiträgt (bei Codes der Logarithmus des Zweifels, den er nimmt):
case-finder = Die Worte des Finders (englisch)
case-said = Mit den Worten dessen, der ihn gemeldet hat
case-path = Weg der Packung
case-path-cut = der ältere Teil ist weggelassen
case-path-none = Es ist nicht bekannt, wo diese Packung war.
case-path-drawn = Weg über { $count } Halte; dasselbe steht in der Tabelle der Ereignisse
case-map = Karte der Orte
case-map-none = Niemand hat gesagt, wo diese Orte liegen: Mitglieder sagen es in den Stammdaten der Dateien, die sie senden.
case-map-source = Die Zahlen sind die Halte des Weges, eine gestrichelte Linie mit ⚠ ist ein auffälliger Sprung. Land und Grenzen: Natural Earth, vereinfacht.
map-number = Halt
map-place = Ort
map-country = Land
map-position = Breite, Länge
case-evidence = Ereignisse und ihre Beweise
case-evidence-how = Ein Ereignis des Hauptbuchs hat einen Beleg: seinen Pfad aus Prüfsummen bis zu einem Prüfpunkt, den der Schlüssel des Protokolls unterschrieben hat. Ihr Browser prüft beides selbst.
evidence-when = Wann
evidence-what = Was
evidence-where = Wo und wer
evidence-proof = Beweis
evidence-is = Beleg
evidence-entry = Eintrag { $index }
evidence-no-entry = Ein Scan: Er steht in keinem Hauptbuch, also gibt es nichts zu prüfen.
proof-check = Beweise prüfen
case-facts = Der Fall
case-name = Name
case-raised = Gemeldet
case-raised-who = Gemeldet von
case-assignee = Bei
case-parties = Betroffene Mitglieder
case-steps = Was getan wurde
case-step-assign = Zugewiesen an
case-step-escalate = Weitergegeben
case-step-close = Abgeschlossen
case-step-reopen = Wieder geöffnet
case-step-quarantine = Gesperrt
case-step-release = Freigegeben
case-similar = Ähnliche Fälle
case-similar-none = Kein Fall, ob offen oder abgeschlossen, hat etwas mit diesem gemeinsam.
case-shared = Gleich:
shared-lot = Charge { $lot }
place-unknown = Ort nicht genannt

case-acts = Was zu tun ist
act-assign = Zuweisen
act-assign-to = Welcher Behörde
act-escalate = Weitergeben
act-close = Abschließen
act-close-how = Mit gefälscht, abgezweigt und gestohlen beginnen die 24 Stunden, in denen Handelspartner und Behörde davon wissen müssen.
act-reopen = Wieder öffnen
act-quarantine = Sperren
act-quarantine-how = Was gesperrt ist, darf nirgends abgegeben oder versandt werden, bis es freigegeben wird.
act-quarantine-what = Was gesperrt wird
act-quarantine-items = { $count ->
    [one] die Packung, die der Fall nennt
   *[other] die { $count } Packungen und Gebinde, die der Fall nennt
}
act-quarantine-lot = Charge { $lot } von { $gtin }
act-outcome = Was es war
act-choose = bitte wählen
act-note = Notiz
case-form = Formular FDA 3911 (PDF)
case-done-assign = Der Fall ist zugewiesen.
case-done-escalate = Der Fall ist weitergegeben.
case-done-close = Der Fall ist abgeschlossen.
case-done-reopen = Der Fall ist wieder offen.
case-done-quarantine = Es ist gesperrt.

span-days = { $count } T
span-hours = { $count } Std.
span-seconds = { $count } Sek.
span-minutes = { $count } Min.

cases-statistics = Statistik
statistics-from = Von
statistics-to = Bis
statistics-show = Zeigen
statistics-alerts = Alarme
statistics-scans = Scans
statistics-rate = Alarme je Million Scans
statistics-how = Ein Alarm ist ein Fall, der in diesen Tagen gemeldet wurde, was immer daraus wurde. Ein Scan ist eine Packung, die geprüft, abgegeben oder ausgebucht wurde. Das System Sloweniens kam, als es eingespielt war, auf etwa 300 Alarme je Million Scans.
statistics-days = Alarme nach Tagen
statistics-day = Tag
statistics-as-table = Dasselbe als Tabelle
statistics-code = Nach dem, was gefunden wurde
statistics-party = Nach Mitgliedern
statistics-outcome = Was sie waren
case-outcome-open = nicht abgeschlossen
live-cases = Neue oder geänderte Fälle, seit Sie diese Seite geöffnet haben: { $count }
statistics-none = Keine in diesen Tagen.
