# Der Versand.
desk-shipping = Versand
ship-parts = Teile des Arbeitsplatzes
ship-start = Überblick
ship-handoffs = Übergaben
ship-offer = Versenden
ship-files = Dateien
ship-more = Nächste Seite
ship-all = Alle zeigen
ship-show = Zeigen
ship-offline = Das Netz ist weg. Nichts wurde gesendet, nichts ist verloren: Was Sie gescannt und getippt haben, bleibt in diesem Tab. Senden Sie es noch einmal, wenn das Netz wieder da ist.
ship-sending = Wird gesendet …
ship-failed = Der Knoten hat nicht wie erwartet geantwortet. Sie können es gefahrlos noch einmal senden: Es geschieht nur einmal.
ship-nothing = Noch nichts gescannt.
ship-twice = Das steht schon in der Liste:
ship-counted = In der Liste: {"{"}count{"}"}
ship-remove = Entfernen
ship-kept = Eingetragen, Eintrag {"{"}index{"}"} des Ledgers.
ship-uploading = Die Datei wird gesendet
ship-one-file = Wählen Sie eine Datei.
ship-full = Mehr fasst eine Übergabe nicht. Senden Sie diese, und machen Sie dann mit dem Rest weiter.

ship-waiting-in = Ankünfte, die auf Sie warten
ship-waiting-in-none = Nichts ist auf dem Weg zu Ihnen.
ship-waiting-out = Von Ihnen unterwegs
ship-waiting-out-none = Alles, was Sie gesendet haben, ist beantwortet.
ship-last-files = Letzte Dateien

ship-side = Richtung
ship-side-both = Ein und aus
ship-side-incoming = Zu uns
ship-side-outgoing = Von uns
ship-state = Stand
ship-state-any = Jeder
ship-handoffs-none = Hier sind keine Übergaben.
ship-items = { $count ->
    [one] { $count } Stück
   *[other] { $count } Stück
}
ship-discrepancies = { $count ->
    [one] { $count } nicht wie angeboten
   *[other] { $count } nicht wie angeboten
}
handoff-offered = Wartet auf Antwort
handoff-accepted = Angenommen
handoff-in-part = Zum Teil angenommen
handoff-rejected = Abgelehnt
handoff-withdrawn = Zurückgezogen
ship-from = Von { $member }
ship-to = An { $member }
ship-return-from = Retoure von { $member }
ship-return-to = Retoure an { $member }
ship-offered-at = Gesendet
ship-answered-at = Beantwortet
ship-offered-count = Angebotene Stücke
ship-not-as-offered = Nicht wie angeboten
ship-entry = Eintrag des Ledgers
ship-what = Worum es geht
ship-check-off = Scannen, was ankam
ship-check-off-how = Jeder Scan hakt ein Stück ab; was nie angeboten war, wird als zusätzlich vermerkt.
ship-arrived = Angekommen
ship-missing = Fehlt
ship-damaged = Beschädigt
ship-refused = Nicht gewünscht
ship-surplus = Zusätzlich, nie angeboten
ship-surplus-noted = Das war nie angeboten. Es wird als zusätzlich vermerkt und wird nicht Ihres.
ship-accepted = Angenommen
ship-unanswered = Nicht beantwortet
ship-rest-missing = Was nicht gescannt ist, fehlt
ship-accept = Annehmen, was ankam
ship-accept-how = Was als fehlend, beschädigt oder nicht gewünscht vermerkt ist, bleibt beim Absender; er erfährt es.
ship-reject = Alles ablehnen
ship-reject-how = Alles, was noch offen ist, bleibt beim Absender.
ship-withdraw = Zurückziehen
ship-withdraw-how = Was noch nicht beantwortet ist, kann zurückgezogen werden.

ship-scan = Scannen, was gehen soll
ship-scan-how = Scannen Sie jede Palette, jeden Karton, jede lose Packung. Was in einem Gebinde liegt, kommt mit.
ship-take = Aufnehmen
ship-receiver = An wen
ship-choose = Wählen …
ship-kind = Art
ship-kind-shipment = Lieferung
ship-kind-return = Retoure
ship-send = Senden
ship-clear = Liste leeren
ship-send-how = Es bleibt Ihres, bis der Empfänger es annimmt.

ship-drop = Datei einreichen
ship-drop-here = Legen Sie eine EPCIS-Datei oder Tabelle hier ab, oder wählen Sie eine:
ship-drop-how = EPCIS 1.2 oder 2.0 als XML oder JSON-LD, gepackt (gzip) oder nicht, oder eine Tabelle als CSV.
ship-behaviour = Wenn ein Ereignis falsch ist
ship-rollback = Nichts von der Datei behalten
ship-proceed = Behalten, was richtig ist
ship-hand-in = Einreichen
ship-files-done = Eingereicht
ship-files-none = Noch wurde keine Datei eingereicht.
ship-table = Eine Tabelle statt EPCIS
ship-table-how = Die erste Zeile nennt die Spalten. Jede weitere nennt ein Stück; aufeinanderfolgende Zeilen, die von mehreren dasselbe sagen, sind ein Ereignis.
ship-table-example = Ein Beispiel zum Ausfüllen
column-event = commission (herstellen), pack, unpack, ship (versenden), return (zurücksenden), receive (empfangen) oder destroy (vernichten)
column-time = Wann, mit Zeitzone: 2026-11-22T08:30:00+01:00
column-item = Die Packung oder das Gebinde, wie ein Scanner es liest. Leer bei unpack: der ganze Inhalt.
column-container = Der SSCC des Gebindes, für pack und unpack
column-lot = Die Charge, für commission; der Code der Packung selbst darf sie nennen
column-expiry = Der letzte Tag der Verwendung, für commission: 2028-02-29
column-partner = GLN des Empfängers (ship, return) oder des Absenders (receive)
column-place = GLN des eigenen Standorts; darf leer sein
form-table = Tabelle (CSV)
job-title = Was aus der Datei wurde
job-queued = Wartet
job-running = Wird durchgearbeitet
job-succeeded = Alles steht im Ledger
job-in-part = Steht zum Teil im Ledger
job-failed = Nichts davon steht im Ledger
job-captured = { $count ->
    [one] { $count } Ereignis behalten
   *[other] { $count } Ereignisse behalten
}
job-form = Form
job-received = Empfangen
job-events = Gelesene Ereignisse
job-kept = Ereignisse im Ledger
job-errors = Fehler
job-reload = Noch einmal nachsehen
job-what-is-wrong = Was falsch ist
job-event = Ereignis { $number }
job-document = Die Datei selbst
job-line = Zeile { $number }
job-column = Spalte
job-again = Berichtigen Sie die Datei, und reichen Sie sie erneut ein. Was schon im Ledger steht, wird erkannt und nicht zweimal getan.

item-not-serialised = Dieser Code nennt ein Produkt und keine einzelne Packung. Scannen Sie den Code mit der Seriennummer.
item-children = { $count ->
    [0] Leer
    [one] { $count } Stück unmittelbar darin
   *[other] { $count } Stücke unmittelbar darin
}
item-lot = Charge { $lot }
item-expiry = verfällt { $day }
item-unknown = Keine solche Packung, kein solches Gebinde steht im Ledger.
item-not-yours = Nach dem Ledger hält es jemand anderes.
item-offered-to-you = Es ist auf dem Weg zu Ihnen und noch nicht angenommen.
item-ended = Es ist nicht mehr im Handel.
item-offered = Es ist schon { $member } angeboten.
item-in-container = Es liegt in einem Gebinde. Scannen Sie das Gebinde, oder packen Sie es zuerst aus.
item-recalled = Es ist zurückgerufen (Klasse { $class }).
item-quarantined = Es ist beiseitegestellt, bis es untersucht ist.
item-expired = Es ist verfallen.
item-ready = Ihres und im Handel

ship-make = Herstellen
make-product = Produkt (GTIN)
make-lot = Charge
make-expiry = Letzter Tag der Verwendung
make-expiry-how = Eine Charge hat ein Verfalldatum: Steht sie schon im Ledger, darf es leer bleiben. Eine neue Charge wird mit ihren ersten Packungen eingetragen.
make-serials = Seriennummern, eine je Zeile
make-count = oder so viele neue
make-serials-how = Tippen oder scannen Sie die Nummern, oder lassen Sie sie erzeugen: nicht zu erraten, je zwölf Buchstaben und Ziffern.
make-now = Packungen herstellen
ship-pack = Packen
pack-scan = Erst das Gebinde scannen, dann seinen Inhalt
pack-scan-how = Der erste Karton oder die erste Palette (SSCC) ist das Gebinde; was danach gescannt wird, ist der Inhalt.
pack-container = Gebinde
pack-container-how = Sein SSCC; ein neuer beginnt mit dem ersten Packen.
pack-other = Anderes Gebinde
pack-items = Inhalt
pack-now = Einpacken
pack-unpack = Auspacken
pack-unpack-how = Um ein Gebinde ganz zu leeren, scannen Sie es allein und packen es aus.
pack-new = Etiketten für neue Gebinde
pack-new-how = Die Nummern beginnen mit Ihrem GS1-Unternehmenspräfix. Verwenden Sie jede laufende Nummer einmal.
pack-prefix = GS1-Unternehmenspräfix
pack-from = Erste laufende Nummer
pack-number = Wie viele
pack-labels = Etiketten zeigen
label-title = Etiketten
label-pdf = Als PDF, in wahrer Größe
label-print = Diese Seite drucken
label-count = { $count ->
    [one] { $count } Etikett.
   *[other] { $count } Etiketten.
}
label-how = Das PDF hat Packungen auf Bogen zu 21 (A4, drei mal sieben) und jedes Gebinde auf A6, mit so breiten Modulen, wie die GS1 General Specifications es verlangen.

ship-recalls = Rückrufe
recall-call = Rückruf auslösen
recall-none = Nichts ist zurückgerufen.
recall-class = Klasse { $class }
recall-ended = Beendet
recall-items = { $count ->
    [one] { $count } Packung oder Gebinde
   *[other] { $count } Packungen oder Gebinde
}
recall-lot = Charge { $lot }
recall-product = { $product }, jede Charge
recall-scan = Einzelne Packungen oder Kartons scannen
recall-scan-how = Nur für den Rückruf dessen, was gescannt ist; eine Charge oder ein Produkt wählen Sie unten.
recall-what = Was zurückgerufen wird
recall-a-lot = Eine Charge
recall-a-product = Ein Produkt, jede Charge davon
recall-packs = Einzelne Packungen
recall-scanned = Was gescannt ist
recall-how-severe = Wie schwer
recall-class-1 = Klasse 1: kann Leben oder Gesundheit schwer gefährden
recall-class-2 = Klasse 2: kann schaden, aber nicht schwer
recall-class-3 = Klasse 3: schadet kaum jemandem und ist doch nicht, wie es sein muss
recall-reason = Grund
recall-instructions = Was die Besitzer tun sollen
recall-all-read = Jedes Mitglied liest den Grund. Von da an darf keine Packung davon abgegeben werden, wo immer sie ist.
recall-now = Zurückrufen
recall-severity = Schwere
recall-by = Ausgelöst von
recall-at = Ausgelöst
recall-reach = Wo die Packungen jetzt sind
recall-nobody = Niemand hält eine Packung davon.
recall-all-answered = Alle Besitzer haben geantwortet.
recall-silent = { $count ->
    [one] { $count } Besitzer hat nicht geantwortet.
   *[other] { $count } Besitzer haben nicht geantwortet.
}
recall-cut = Nur die ersten { $count } Packungen sind gezählt.
recall-reach-how = Ein Besitzer hat geantwortet, wenn er alles, was er hält, beiseitegestellt, zurückgesandt oder aus dem Handel genommen hat. Ein Karton oder eine Palette, die selbst zurückgerufen wurde, zählt als eins.
recall-own-only = Sie sehen, was Ihre eigene Organisation davon hält. Stellen Sie es beiseite, senden Sie es zurück, oder nehmen Sie es aus dem Handel.
recall-holder = Besitzer
recall-answered = Geantwortet
recall-open = Im Regal
recall-set-apart = Beiseitegestellt
recall-on-the-way = Unterwegs
recall-supplied = Abgegeben
recall-removed = Aus dem Handel
recall-yes = Ja
recall-no = Noch nicht

ship-trace = Nachweis
trace-scan = Packung oder Gebinde scannen
trace-scan-how = Es erscheinen Transaktionsangaben, Verlauf und Erklärungen, soweit sie Ihre Organisation betreffen.
trace-now = Nachweisen
trace-nothing = Das Ledger kennt keine solche Packung, oder sie war nie Ihre: Ihre Papiere stehen Ihnen nicht zu.
trace-unread = Das ist kein Code einer Packung oder eines Gebindes. Scannen Sie noch einmal.
trace-print = Drucken
trace-product = Transaktionsangaben (Transaction Information)
trace-name = Name des Produkts
trace-strength = Stärke
trace-form = Darreichungsform
trace-ndc = National Drug Code
trace-package = Packungsgröße
trace-identifier = Produktkennung
trace-lot = Charge
trace-expiry = Verfall
trace-count = Anzahl der Packungen
trace-maker = Hersteller
trace-made = Hergestellt
trace-history = Transaktionsverlauf (Transaction History)
trace-no-transfer = Es hat den Besitzer nicht gewechselt, soweit Ihre Organisation es sehen darf.
trace-from = Übergeben von
trace-to = Übergeben an
trace-transferred = Tag der Transaktion
trace-shipped = Tag des Versands
trace-proof = Eintrag des Ledgers
trace-gln = GLN
trace-statement = Die untenstehende Transaktionserklärung schuldet für diese Übergabe { $member }.
trace-cut = Der älteste Teil fehlt, weil der Verlauf zu lang ist.
trace-yours = Gezeigt sind die Übergaben, an denen Ihre Organisation beteiligt war. Wer davor stand, hat die seinen.
trace-statements = Transaktionserklärung (Transaction Statement)
trace-law = Section 581(27) des Federal Food, Drug, and Cosmetic Act. Wer das Eigentum übertragen hat, erklärt, dass er
trace-law-authorized = zugelassen ist, wie das Gesetz es verlangt;
trace-law-received = das Produkt von jemandem erhalten hat, der zugelassen ist, wie das Gesetz es verlangt;
trace-law-documents = vom vorigen Eigentümer Transaktionsangaben und Transaktionserklärung erhalten hat, wie das Gesetz es verlangt;
trace-law-suspect = nicht wissentlich ein verdächtiges oder unrechtmäßiges Produkt versandt hat;
trace-law-systems = Systeme und Abläufe hatte, um die Prüfpflichten des Gesetzes zu erfüllen;
trace-law-false = nicht wissentlich falsche Transaktionsangaben gemacht hat;
trace-law-altered = den Transaktionsverlauf nicht wissentlich verändert hat.
trace-printed = Stand
trace-member = für

ship-what-else = Was es noch gibt
ship-send-back = Ware zurücksenden
ship-see-recalls = Sehen, was zurückgerufen ist und was davon hier liegt
ship-see-papers = Papiere einer Packung sehen und drucken

recall-apart = Beiseitestellen
recall-apart-scan = Scannen, was davon hier liegt
recall-apart-how = Jede Packung, jeder Karton, den Sie scannen, wird beiseitegestellt, bis er zurückgesandt oder vernichtet ist.
recall-apart-now = Beiseitestellen
