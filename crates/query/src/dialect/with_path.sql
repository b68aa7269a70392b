select "$rows".*, o.key as "$path"
from t as "$rows" left join lake.objects o on o.evidence_object = "$rows".evidence_object
